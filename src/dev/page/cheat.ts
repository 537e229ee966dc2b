// The buttons that try an attack, and the verdicts below them.

import { AvatarUploadError, type Step } from '../../client/index.ts'
import { attacks, type Verdict } from './attacks.ts'
import { element } from './dom.ts'
import type { Person } from './service.ts'

interface CheatOptions {
  person: () => Person
  begin: () => void
  onStep: (step: Step) => void
  onChange: () => Promise<unknown>
}

/** Makes each `[data-attack]` perform its attack; one at a time. */
export function openAttacks({ person, begin, onStep, onChange }: CheatOptions) {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('[data-attack]')]
  for (const button of buttons) {
    button.addEventListener('click', async () => {
      if (buttons.some((one) => one.ariaDisabled === 'true')) return
      const place = button.parentElement?.querySelector('.verdict')
      for (const one of buttons) one.ariaDisabled = 'true' // not disabled: that would lose the focus
      place?.replaceChildren('…')
      begin()
      place?.replaceChildren(...shown(await tried(button.dataset.attack ?? '')))
      for (const one of buttons) one.ariaDisabled = 'false'
      await onChange().catch(() => {})
    })
  }

  const tried = async (name: string): Promise<Verdict> =>
    attacks[name]!(person(), onStep).catch((err) => ({
      isSafe: false,
      title: 'It could not be tried',
      said: err instanceof AvatarUploadError ? err.message : 'Directo does not answer.'
    }))
}

function shown({ isSafe, title, said }: Verdict) {
  const heading = element('strong', {}, title)
  heading.className = isSafe ? 'safe' : 'unsafe'
  return [heading, element('span', {}, said)]
}

/** Forgets verdicts that were about somebody else. */
export function clearVerdicts() {
  for (const place of document.querySelectorAll('.verdict')) place.replaceChildren()
}
