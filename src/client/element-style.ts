// How the element looks; `::part()` and two custom properties change it.

export const style = `
:host {
  --accent: var(--avatar-upload-accent, light-dark(#1d4ed8, #93b4ff));
  --size: var(--avatar-upload-size, 8rem);
  display: inline-flex; flex-direction: column; align-items: center; gap: .5rem;
  font: inherit; text-align: center; inline-size: max-content; max-inline-size: 100%;
}
:host([hidden]), [hidden] { display: none !important; }
[part=choose] {
  display: flex; flex-direction: column; align-items: center; gap: .5rem;
  padding: .5rem; border: 0; border-radius: 1rem;
  background: none; color: inherit; font: inherit; cursor: pointer;
}
[part=frame] {
  display: grid; place-items: center; overflow: hidden; box-sizing: border-box;
  inline-size: var(--size); block-size: var(--size); border-radius: 50%;
  border: 2px dashed color-mix(in srgb, currentColor 45%, transparent);
  background: color-mix(in srgb, currentColor 6%, transparent);
  transition: border-color .15s, background-color .15s;
}
:host([has-picture]) [part=frame] { border-style: solid; border-color: transparent; }
[part=choose]:hover [part=frame], :host([dragging]) [part=frame] {
  border-color: var(--accent);
  background: color-mix(in srgb, var(--accent) 14%, transparent);
}
[part=picture] { inline-size: 100%; block-size: 100%; object-fit: cover; }
:host([status=uploading]) [part=picture] { opacity: .5; }
[part=placeholder] { inline-size: 45%; block-size: 45%; opacity: .55; }
[part=label] { font-weight: 600; }
[part=hint] { font-size: .875em; opacity: .75; }
[part=choose]:focus-visible, [part=cancel]:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px;
}
[part=progress] {
  flex: none; appearance: none; inline-size: var(--size); block-size: .5rem; overflow: hidden;
  border: 0; border-radius: 1rem; background: color-mix(in srgb, currentColor 20%, transparent);
}
[part=progress]::-webkit-progress-bar { background: none; }
[part=progress]::-webkit-progress-value { background: var(--accent); }
[part=progress]::-moz-progress-bar { background: var(--accent); }
[part=cancel] {
  padding: .375rem .875rem; border-radius: .5rem;
  border: 1px solid color-mix(in srgb, currentColor 45%, transparent);
  background: none; color: inherit; font: inherit; cursor: pointer;
}
[part=status], [part=error] { margin: 0; max-inline-size: 20rem; min-block-size: 1.25em; }
[part=error] { color: light-dark(#b42318, #ff9a8f); }
[part=error]:empty { display: none; }
@media (prefers-reduced-motion: reduce) { [part=frame] { transition: none; } }
`
