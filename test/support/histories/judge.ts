// Judges what was answered: whether the model allows it, and whether URLs do what was said of them.

import type { Facts } from './model.ts'
import type { Performed } from './perform.ts'
import { believe, type Done, type Person } from './person.ts'
import type { Scene, Tally } from './play.ts'
import type { Answer } from './system.ts'

/**
 * Lets the model judge what was done to one person since `from`, several deeds side by side, and looks
 * at every URL that came of it.
 */
export async function settle(scene: Scene, person: Person, performed: Performed[][], from: number) {
  const erase = performed.flat().find(({ deed }) => deed.do === 'erase')
  if (erase) person.erasedUntil = Date.now()
  const facts = factsOf(scene, person, from)
  const queues: Done[][] = []
  for (const queue of performed) {
    const done: Done[] = []
    for (const { deed, answer } of queue) {
      count(scene.tally, answer)
      const heard = answer && (await look(scene, person, answer, erase !== undefined))
      done.push({ deed, answer: heard, facts })
    }
    queues.push(done)
  }
  believe(person, queues)
  if (!erase) return
  if (erase.answer) await assertDead(scene, person)
  if (erase.answer) person.erasedSince = from
  person.urls = []
}

async function look({ system }: Scene, person: Person, { text, url }: Answer, isErased: boolean) {
  if (!url) return new RegExp(`^${text}$`)
  const content = await system.served(url.url)
  // It came before the erasure that happened at the same time, whatever it was.
  if (content === 'dead' && isErased) return new RegExp(`^${text}(red|blue)$`)
  person.urls.push({ ...url, content })
  return new RegExp(`^${text}${content}$`)
}

function factsOf({ system: { config } }: Scene, person: Person, now: number): Facts {
  const { erasedSince, erasedUntil } = person
  const retentionMs = config.janitor.retentionDays * 86_400_000
  const tombstoneMs = config.janitor.tombstoneDays * 86_400_000
  return {
    now,
    retentionMs,
    tombstoneMs,
    openUploads: config.openUploadsPerUser,
    erasedSince,
    erasedUntil
  }
}

function count(tally: Tally, answer: Answer | null) {
  tally.operations += 1
  if (answer === null) tally.unknown += 1
  else if (/^[A-Z]|refused/.test(answer.text)) tally.refused += 1
  else tally.acknowledged += 1
}

/** I7: a URL works until its stated end, whatever became of the avatar meanwhile. */
export async function checkUrls({ system, everybody }: Scene) {
  for (const person of everybody) {
    const alive = person.urls.filter(({ expiresAt }) => Date.parse(expiresAt) > Date.now() + 1000)
    person.urls = [...new Map(alive.map((one) => [one.url, one])).values()]
    for (const { url, expiresAt, content } of person.urls) {
      const served = await system.served(url)
      if (served === content) continue
      throw new Error(`I7: ${person.id}'s URL of ${content} is ${served} before ${expiresAt}`)
    }
  }
}

// … but for an erasure, after whose answer none works any more.
async function assertDead({ system }: Scene, person: Person) {
  for (const { url, content } of person.urls) {
    if ((await system.served(url)) === 'dead') continue
    throw new Error(`I8: ${person.id} is erased, a URL still serves ${content}`)
  }
}
