// The demo page: who one is, one's picture, the calls behind it, and attacks upon it.

import type { Avatar, Step } from '../../client/index.ts'
import { openCalls } from './calls.ts'
import { clearVerdicts, openAttacks } from './cheat.ts'
import { byId } from './dom.ts'
import { watchService } from './notice.ts'
import { type Person, readAvatars, readPeople } from './service.ts'
import { openStage } from './stage.ts'
import { openWall } from './wall.ts'

const REMEMBERED = 'person'

let refresh: (() => Promise<void>) | undefined
const service = watchService(open)
open()

// Again whenever the service is back: it may have been away when the page was loaded.
async function open() {
  if (refresh) return refresh()
  try {
    refresh = openPage(await readPeople())
    await refresh()
  } catch {
    service.look()
  }
}

function openPage(people: Person[]) {
  const remembered = sessionStorage.getItem(REMEMBERED)
  let person = people.find(({ id }) => id === remembered) ?? (people[0] as Person)
  let avatars = new Map<string, Avatar | null>()

  const show = () => {
    wall.show(avatars)
    stage.show(avatars.get(person.id) ?? null)
  }
  const refresh = async () => {
    try {
      avatars = await readAvatars(people, person)
      show()
    } catch {
      service.look()
    }
  }
  const calls = openCalls()
  const onStep = (step: Step) => {
    calls.step(step)
    if (step.error) service.look()
  }
  const stage = openStage({ begin: calls.begin, onStep, onChange: refresh })
  const wall = openWall(byId('wall'), people, person, (chosen) => {
    person = chosen
    sessionStorage.setItem(REMEMBERED, person.id)
    clearVerdicts()
    stage.become(person)
    show()
  })
  openAttacks({ person: () => person, begin: calls.begin, onStep, onChange: refresh })
  stage.become(person)
  show()
  // Signed addresses have ended by the time somebody comes back to a tab from yesterday.
  document.addEventListener('visibilitychange', () => document.hidden || refresh())
  return refresh
}
