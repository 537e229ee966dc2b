// Everybody and their pictures, and which of them one is.

import type { Avatar } from '../../client/index.ts'
import { element } from './dom.ts'
import { showPortrait } from './portrait.ts'
import type { Person } from './service.ts'

/** Radio buttons, so that arrow keys choose; `onChoose` is told of every choice. */
export function openWall(
  wall: HTMLElement,
  people: Person[],
  chosen: Person,
  onChoose: (person: Person) => void
) {
  const places = people.map((person) => {
    const radio = element('input', { type: 'radio', name: 'person', value: person.id })
    radio.checked = person === chosen
    radio.addEventListener('change', () => onChoose(person))
    const place = element('span', { className: 'portrait' })
    const name = element('span', { className: 'name' }, person.name)
    wall.append(element('label', { className: 'person' }, radio, place, name))
    return { person, place }
  })
  return {
    show(avatars: Map<string, Avatar | null>) {
      for (const { person, place } of places) {
        showPortrait(place, person, avatars.get(person.id)?.url ?? null)
      }
    }
  }
}
