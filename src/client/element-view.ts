// What is inside the element: built node by node, as pages that require Trusted Types want it.

import { style } from './element-style.ts'

export interface View {
  picture: HTMLImageElement
  placeholder: SVGElement
  label: HTMLElement
  hint: HTMLElement
  choose: HTMLButtonElement
  input: HTMLInputElement
  progress: HTMLProgressElement
  cancel: HTMLButtonElement
  status: HTMLElement
  error: HTMLElement
}

let sheet: CSSStyleSheet | undefined

export function viewIn(root: ShadowRoot): View {
  // A constructed sheet: a strict Content-Security-Policy refuses style elements and attributes.
  if (!sheet) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(style)
  }
  root.adoptedStyleSheets = [sheet]

  const create = document.createElement.bind(document)
  const picture = make(create('img'), 'picture', { alt: '', hidden: true })
  const placeholder = silhouette()
  const frame = make(create('span'), 'frame')
  frame.append(placeholder, picture)
  const label = make(create('span'), 'label')
  const hint = make(create('span'), 'hint')
  const choose = make(create('button'), 'choose', { type: 'button' })
  choose.append(frame, label, hint)
  const input = make(create('input'), 'input', { type: 'file', hidden: true })
  const progress = make(create('progress'), 'progress', { max: 1, value: 0, hidden: true })
  const cancel = make(create('button'), 'cancel', { type: 'button', hidden: true })
  const status = make(create('p'), 'status', { role: 'status' })
  const error = make(create('p'), 'error', { role: 'alert' })
  root.append(choose, input, progress, cancel, status, error)
  return { picture, placeholder, label, hint, choose, input, progress, cancel, status, error }
}

function make<E extends HTMLElement>(element: E, part: string, properties: Partial<E> = {}): E {
  Object.assign(element, properties).setAttribute('part', part)
  return element
}

function silhouette() {
  const names = { part: 'placeholder', viewBox: '0 0 24 24', fill: 'currentColor' }
  const svg = svgOf('svg', { ...names, 'aria-hidden': 'true' })
  svg.append(
    svgOf('circle', { cx: '12', cy: '8', r: '4' }),
    svgOf('path', { d: 'M4 21c0-4.4 3.6-7 8-7s8 2.6 8 7z' })
  )
  return svg
}

function svgOf(tag: string, attributes: Record<string, string>) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag) as SVGElement
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}
