// A round portrait: the picture, or the first letter of a name on a colour of its own.

import type { Person } from './service.ts'

/** Fills `place`; `url` is null for who has no picture. */
export function showPortrait(place: HTMLElement, person: Person, url: string | null) {
  // The golden angle: neighbours in the alphabet are far apart in colour.
  place.style.setProperty('--hue', `${person.id.charCodeAt(0) * 137.5}`)
  place.dataset.letter = person.name.slice(0, 1)
  const image = place.querySelector('img') ?? document.createElement('img')
  if (!url) return image.remove()
  if (image.src !== url) image.src = url
  image.alt = ''
  if (!image.isConnected) place.prepend(image)
}
