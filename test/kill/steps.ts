// What users do, one step after another, and what must be true after each.

import {
  abort,
  asAvatar,
  assertDead,
  confirm,
  create,
  erase,
  look,
  remove,
  send
} from './operations.ts'
import { newPicture, type Person, type Upload, violate, type World } from './world.ts'

type Step = (world: World, person: Person) => Promise<unknown>

const weights = {
  upload: 10,
  overwrite: 3,
  overwriteMeanwhile: 2,
  overwriteAfterwards: 2,
  confirmTwice: 4,
  confirmBoth: 3,
  abortSent: 2,
  abortOrConfirm: 3,
  junk: 1,
  leave: 2,
  removeAvatar: 2,
  eraseAll: 0.4,
  eraseMeanwhile: 0.6,
  see: 6
} satisfies Record<keyof typeof steps, number>

/** One random step. */
export const step: Step = async (world, person) => {
  const name = world.random.weighted(weights)
  person.diary.push(`  ${name}`)
  await steps[name](world, person)
}

const steps = {
  async upload(world, person) {
    const upload = await sent(world, person)
    if (upload) await becomes(world, person, upload)
    if (world.random.chance(0.4)) await see(world, person)
  },

  async overwrite(world, person) {
    const upload = await sent(world, person)
    if (!upload || !(await send(world, person, upload, another(world, upload)))) return
    await becomes(world, person, upload)
    await see(world, person)
  },

  async overwriteMeanwhile(world, person) {
    const upload = await sent(world, person)
    if (!upload) return
    const before = upload.candidates
    const overwriting = send(world, person, upload, another(world, upload))
    const confirmed = becomes(world, person, upload)
    await Promise.all([overwriting, confirmed])
    const either = [...new Set([...before, ...upload.candidates])]
    if (person.value?.upload === upload) person.value.candidates = either
    await see(world, person)
  },

  // I2: what is confirmed does not change any more.
  async overwriteAfterwards(world, person) {
    const upload = await sent(world, person)
    if (!upload || !(await becomes(world, person, upload))) return
    const { candidates } = upload
    await send(world, person, upload, another(world, upload))
    upload.candidates = candidates
    await see(world, person)
  },

  async confirmTwice(world, person) {
    const upload = await sent(world, person)
    if (!upload) return
    await Promise.all([
      becomes(world, person, upload),
      confirm(world, person, upload),
      world.random.chance(0.3) && confirm(world, person, upload)
    ])
    await confirm(world, person, upload)
    await see(world, person)
  },

  async confirmBoth(world, person) {
    const uploads = [await sent(world, person), await sent(world, person)]
    const before = person.value
    const confirmed = await Promise.all(
      uploads.map(async (upload) => {
        const answer = upload && (await confirm(world, person, upload))
        return answer?.outcome === 'acknowledged' ? asAvatar(upload!) : null
      })
    )
    const values = confirmed.filter((value) => value !== null)
    await look(world, person, values.length > 0 ? values : [before])
  },

  async abortSent(world, person) {
    const upload = await sent(world, person)
    if (!upload) return
    await abort(world, person, upload)
    const answer = await confirm(world, person, upload, ['UPLOAD_ABORTED'])
    if (answer.outcome === 'acknowledged') violate(world, 'what was aborted is confirmed', person)
  },

  async abortOrConfirm(world, person) {
    const upload = await sent(world, person)
    if (!upload) return
    const [aborted, confirmed] = await Promise.all([
      abort(world, person, upload),
      confirm(world, person, upload, ['UPLOAD_ABORTED'])
    ])
    if (confirmed.outcome === 'acknowledged') person.value = asAvatar(upload)
    if (aborted.outcome === confirmed.outcome && aborted.outcome === 'acknowledged') {
      violate(world, `${upload.id} is both aborted and confirmed`, person)
    }
    if (confirmed.outcome !== 'acknowledged' && aborted.code === 'UPLOAD_CONFIRMED') {
      violate(world, `${upload.id} is neither aborted nor confirmed`, person)
    }
    await see(world, person)
  },

  async junk(world, person) {
    const upload = await create(world, person, newPicture(world))
    if (!upload || !(await send(world, person, upload, Buffer.alloc(upload.sizeBytes, 'x')))) return
    for (let times = 0; times < 2; times++) {
      const answer = await confirm(world, person, upload, ['OBJECT_REJECTED'])
      if (answer.outcome === 'acknowledged') violate(world, 'I1: junk is confirmed', person)
    }
  },

  // Left to the janitor.
  async leave(world, person) {
    await sent(world, person)
  },

  async removeAvatar(world, person) {
    await remove(world, person)
    await look(world, person, [null])
  },

  async eraseAll(world, person) {
    const open = await sent(world, person)
    const url = await look(world, person, [person.value])
    await erase(world, person)
    if (url) await assertDead(world, person, url)
    await gone(world, person, open)
  },

  async eraseMeanwhile(world, person) {
    const upload = await sent(world, person)
    if (!upload) return
    const [answer] = await Promise.all([
      confirm(world, person, upload, ['UPLOAD_ABORTED', 'UPLOAD_NOT_FOUND']),
      erase(world, person)
    ])
    await gone(world, person, answer.outcome === 'acknowledged' ? null : upload)
  },

  see: (world, person) => see(world, person)
} satisfies Record<string, Step>

async function sent(world: World, person: Person) {
  const picture = newPicture(world)
  const upload = await create(world, person, picture)
  return upload && (await send(world, person, upload, picture)) ? upload : null
}

const another = (world: World, { sizeBytes }: Upload) => newPicture(world, sizeBytes)

async function becomes(world: World, person: Person, upload: Upload) {
  const { outcome, body } = await confirm(world, person, upload)
  if (outcome !== 'acknowledged') return false
  person.value = asAvatar(upload)
  const { removal, erasure } = person.ghosts
  if (!body.avatar && Math.max(removal, erasure) < upload.at) {
    violate(world, `I10: ${upload.id} is confirmed, but not the avatar`, person)
  }
  return true
}

// I8: nothing of somebody erased is visible or becomes so.
async function gone(world: World, person: Person, upload: Upload | null) {
  await look(world, person, [null])
  const answer = upload && (await confirm(world, person, upload))
  if (answer?.outcome === 'acknowledged') {
    violate(world, `I8: ${upload!.id} of somebody erased is confirmed`, person)
  }
}

export const see = (world: World, person: Person) => look(world, person, [person.value])
