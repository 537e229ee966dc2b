// Performs one act of a history: on the real system, and in the words of the model.

import { createHash } from 'node:crypto'

import type { Instance } from './instances.ts'
import type { Deed } from './model.ts'
import type { Known, Person } from './person.ts'
import type { Scene } from './play.ts'
import type { Act } from './steps.ts'
import { type Answer, contents, type Others } from './system.ts'

/** `answer` is null when nobody heard one. */
export interface Performed {
  deed: Deed
  answer: Answer | null
}

/** `acts` are all that are done at the same time, `others` resolves when they are over. An act that has nothing to act upon does nothing. */
export async function perform(
  scene: Scene,
  act: Act,
  acts: Act[],
  others: Others
): Promise<Performed[]> {
  const { system, people } = scene
  const person = people[act.user]
  const by = system.instances.get(act.by)
  if (act.do === 'sweep') {
    await system.sweep(by)
    return []
  }
  if (act.do === 'reconcile') {
    const answer = await system.reconcile(by)
    if (answer?.text !== 'held') scene.isWalkWhole = answer !== null
    return []
  }
  if (act.do === 'create') return [await create(scene, person, act, by)]
  if (act.do === 'place') return place(scene, person, act, by, others)
  if (act.do === 'change') {
    const placed = await place(scene, person, act, by, others)
    const upload = placed[0]!.answer?.upload?.id
    if (!upload) return placed
    const answer = await system.confirm(by, person.id, upload)
    return [...placed, { deed: { do: 'confirm', upload }, answer }]
  }
  if (act.do === 'avatar' || act.do === 'remove' || act.do === 'erase') {
    return [{ deed: { do: act.do }, answer: await system[act.do](by, person.id) }]
  }
  const known = person.uploads.at(-1 - act.upload)
  if (!known) return []
  if (act.do === 'send' || act.do === 'land') return [await sendTo(scene, known, act, others)]
  const upload = known.upload.id
  const disturbed = acts.some((one) => SENDING.has(one.do) && one.user === act.user)
  const answer = await system[act.do](by, person.id, upload)
  return [{ deed: { do: act.do, upload, disturbed }, answer }]
}

const SENDING = new Set(['send', 'land'])

async function create({ system }: Scene, person: Person, act: Act, by: Instance) {
  const now = Date.now()
  const issuedAt = act.oldToken ? person.oldToken : Math.floor(now / 1000)
  const sha256 = createHash('sha256').update(contents[act.content]).digest('hex')
  const declared = act.declares ? act.content : null
  const answer = await system.create(by, person.id, { issuedAt }, declared && { sha256 })
  const upload = answer?.upload
  if (upload) person.uploads.push({ upload, sent: new Set() })
  const life = 1000 * (system.config.grantSeconds + system.config.confirmSeconds)
  const deed: Deed = {
    do: 'create',
    id: upload?.id ?? `nobody knows ${Math.random()}`,
    issuedAt: issuedAt * 1000,
    declared,
    expiresAt: upload ? Date.parse(upload.expiresAt) : now + life
  }
  return { deed, answer }
}

async function place(scene: Scene, person: Person, act: Act, by: Instance, others: Others) {
  const created = await create(scene, person, act, by)
  const mine = person.uploads.find(({ upload }) => upload === created.answer?.upload)
  return mine ? [created, await sendTo(scene, mine, { ...act, do: 'send' }, others)] : [created]
}

async function sendTo({ system }: Scene, { upload, sent }: Known, act: Act, others: Others) {
  const { id } = upload
  const { content, moment } = act
  sent.add(content)
  if (act.do === 'land') {
    const deed: Deed = { do: 'land', upload: id, content }
    return { deed, answer: await system.land(upload, content, moment, others) }
  }
  const deed: Deed = { do: 'send', upload: id, content, sendBy: Date.parse(upload.sendBy) }
  return { deed, answer: await system.send(upload, content) }
}
