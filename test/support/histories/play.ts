// Plays a history on the real system, and holds every answer against the model.

import { createHash } from 'node:crypto'

import { finish } from './finish.ts'
import type { Instance } from './instances.ts'
import type { Deed, Facts } from './model.ts'
import { believe, type Done, type Known, newPerson, type Person } from './person.ts'
import type { Act, History, Step } from './steps.ts'
import { type Answer, contents, type System } from './system.ts'

export interface Tally {
  histories: number
  operations: number
  acknowledged: number
  refused: number
  unknown: number
  crashes: number
}

export type Scene = ReturnType<typeof sceneOf>

function sceneOf(system: System, tally: Tally) {
  const people = { ada: newPerson('ada'), bob: newPerson('bob') }
  const everybody = Object.values(people)
  /** Whether the last walk of a reconcile came to its end. */
  const isWalkWhole = true
  return { system, tally, people, everybody, isWalkWhole }
}

/** @throws on the first contradiction, and when the end leaves anything to complain of */
export async function play(system: System, tally: Tally, { steps }: History) {
  const scene = sceneOf(system, tally)
  tally.histories += 1
  try {
    for (const step of steps) await take(scene, step)
    await finish(scene)
  } finally {
    await system.wipe()
  }
}

export async function take(scene: Scene, step: Step) {
  const { system, tally, people } = scene
  if ('advance' in step) await system.clock.advance(step.advance)
  else {
    const from = Date.now()
    const { acts, death } = step
    const { by } = acts[0]!
    if (death) system.instances.get(by).wires.dieAt(death)
    const performed = await Promise.all(
      acts.map((act) => perform(scene, act, acts)).map((done) => done.catch((err: Error) => err))
    )
    if (death) await system.instances.replace(by)
    if (death) tally.crashes += 1
    const failure = performed.find((done) => done instanceof Error)
    if (failure) throw failure
    for (const person of new Set(acts.map(({ user }) => people[user]))) {
      const theirs = performed.filter((_, index) => people[acts[index]!.user] === person)
      await settle(scene, person, theirs as Performed[][], from)
    }
  }
  if ('advance' in step || step.acts.some(({ do: done }) => DELETING.has(done)))
    await checkUrls(scene)
  const { violations } = system.watched
  if (violations.length > 0) throw new Error(violations.join('\n'))
}

const DELETING = new Set(['sweep', 'reconcile', 'remove', 'erase'])

interface Performed {
  deed: Deed
  answer: Answer | null
}

async function perform(scene: Scene, act: Act, acts: Act[]): Promise<Performed[]> {
  const { system, people } = scene
  const person = people[act.user]
  const by = system.instances.get(act.by)
  const known = person.uploads.at(-1 - act.upload)
  if (act.do === 'sweep' || act.do === 'reconcile') {
    const answer = await system[act.do](by)
    if (act.do === 'reconcile') scene.isWalkWhole = answer !== null
    return []
  }
  if (act.do === 'create') return [await create(scene, person, act, by)]
  if (act.do === 'place') {
    const created = await create(scene, person, act, by)
    const { upload } = created.answer ?? {}
    if (!upload) return [created]
    const mine = person.uploads.find((one) => one.upload === upload)!
    return [created, await sendTo(scene, mine, act)]
  }
  const { id } = person
  if (act.do === 'avatar' || act.do === 'remove' || act.do === 'erase') {
    return [{ deed: { do: act.do }, answer: await system[act.do](by, id) }]
  }
  if (!known) return []
  if (act.do === 'send' || act.do === 'land') return [await sendTo(scene, known, act)]
  const upload = known.upload.id
  const disturbed = acts.some(
    (other) => ['send', 'land'].includes(other.do) && other.user === act.user
  )
  const deed: Deed = { do: act.do, upload, disturbed }
  return [{ deed, answer: await system[act.do](by, id, upload) }]
}

async function create({ system }: Scene, person: Person, act: Act, by: Instance) {
  const now = Date.now()
  const issuedAt = act.oldToken ? person.oldToken : Math.floor(now / 1000)
  const sha256 = createHash('sha256').update(contents[act.content]).digest('hex')
  const declared = act.declares ? act.content : null
  const answer = await system.create(by, person.id, { issuedAt }, declared && { sha256 })
  const upload = answer?.upload
  if (upload) {
    person.uploads.push({ upload, sent: new Set() })
  }
  const life = 1000 * (system.config.grantSeconds + system.config.confirmSeconds)
  const deed: Deed = {
    do: 'create',
    issuedAt: issuedAt * 1000,
    id: upload?.id ?? `nobody knows ${Math.random()}`,
    declared,
    expiresAt: upload ? Date.parse(upload.expiresAt) : now + life
  }
  return { deed, answer }
}

async function sendTo({ system }: Scene, { upload, sent }: Known, act: Act) {
  const { content } = act
  const { id } = upload
  sent.add(content)
  if (act.do === 'land') {
    const deed: Deed = { do: 'land', upload: id, content }
    return { deed, answer: await system.land(upload, content) }
  }
  const sendBy = Date.parse(upload.sendBy)
  const deed: Deed = { do: 'send', upload: id, content, sendBy }
  return { deed, answer: await system.send(upload, content) }
}

/** Lets the model judge what was done to one person, and looks at every URL that came of it. */
export async function settle(scene: Scene, person: Person, performed: Performed[][], from: number) {
  const { system, tally } = scene
  const erase = performed.flat().find(({ deed }) => deed.do === 'erase')
  const urls: Person['urls'] = []
  const look = async ({ deed, answer }: Performed): Promise<Done> => {
    count(tally, answer)
    if (!answer?.url) return { deed, answer: answer && new RegExp(`^${answer.text}$`) }
    const { url, expiresAt } = answer.url
    const content = await system.served(url)
    if (content === 'dead' && erase)
      return { deed, answer: new RegExp(`^${answer.text}(red|blue)$`) }
    urls.push({ url, expiresAt, content })
    return { deed, answer: new RegExp(`^${answer.text}${content}$`) }
  }
  const queues = []
  if (erase) person.erasedUntil = Date.now()
  for (const queue of performed) {
    const done = []
    for (const one of queue)
      done.push({ ...(await look(one)), facts: factsOf(scene, person, from) })
    queues.push(done)
  }
  believe(person, queues)
  person.urls.push(...urls)
  if (!erase) return
  if (erase.answer) await assertDead(scene, person)
  if (erase.answer) person.erasedSince = from
  person.urls = []
}

function factsOf({ system: { config } }: Scene, person: Person, now: number): Facts {
  const { erasedSince, erasedUntil } = person
  const retentionMs = config.janitor.retentionDays * 86_400_000
  return { now, retentionMs, openUploads: config.openUploadsPerUser, erasedSince, erasedUntil }
}

function count(tally: Tally, answer: Answer | null) {
  tally.operations += 1
  if (answer === null) tally.unknown += 1
  else if (/^[A-Z]|refused/.test(answer.text)) tally.refused += 1
  else tally.acknowledged += 1
}

// I7: a URL works until its stated end, whatever became of the avatar meanwhile.
async function checkUrls({ system, everybody }: Scene) {
  for (const person of everybody) {
    const alive = person.urls.filter(({ expiresAt }) => Date.parse(expiresAt) > Date.now() + 1000)
    person.urls = [...new Map(alive.map((one) => [one.url, one])).values()]
    for (const { url, expiresAt, content } of person.urls) {
      const served = await system.served(url)
      if (served !== content) {
        throw new Error(`I7: ${person.id}'s URL of ${content} is ${served} before ${expiresAt}`)
      }
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
