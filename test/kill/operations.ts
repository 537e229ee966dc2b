// The operations of a user, each repeated to a known outcome and held against what must be true.

import { isDeepStrictEqual } from 'node:util'

import { tokenOf } from '../support/process.ts'
import { send as sendTo } from '../support/send.ts'
import { type Answer, getPast, type Operation, settle, settleAtS3 } from './client.ts'
import { hashOf, note, type Person, type Upload, type Value, violate, type World } from './world.ts'

// Longer than all deadlines of a call and the longest silence of a link: nothing of an attempt that
// the client has given up happens later.
const GHOST_MS = 15_000

/** Null when the user was erased meanwhile. */
export async function create(world: World, person: Person, picture: Buffer) {
  const at = Date.now()
  const payload = { purpose: 'avatar', contentType: 'image/png', sizeBytes: picture.length }
  const operation = { name: 'create', method: 'POST', path: '/api/uploads', payload } as const
  const { outcome, code, body } = await settle(world, person, operation)
  if (outcome === 'acknowledged') {
    const sizeBytes = picture.length
    return { ...body, sizeBytes, at, candidates: [], hasGhost: false } as Upload
  }
  if (code !== 'USER_ERASED') violate(world, `create was refused with ${code}`, person)
  else if (person.tokenAt > person.ghosts.erasure + 1000) {
    violate(world, 'create calls somebody erased who came back', person)
  }
  await renewToken(world, person)
  return null
}

// Tokens tell whole seconds: one of the second in which the user was erased is void.
async function renewToken(world: World, person: Person) {
  await new Promise((done) => setTimeout(done, 1000 + world.random.between(0, 200)))
  person.token = tokenOf(person.id)
  person.tokenAt = Date.now()
}

/** Answers whether S3 has the bytes. */
export async function send(world: World, person: Person, upload: Upload, bytes: Buffer) {
  const hashes = world.sent.get(upload.id) ?? new Set()
  world.sent.set(upload.id, hashes.add(hashOf(bytes)))
  upload.candidates = [...upload.candidates, bytes]
  const { outcome, unknown, code } = await settleAtS3(world, person, 'send', (signal) =>
    sendTo(upload.request, bytes, signal)
  )
  if (outcome === 'acknowledged' && !upload.hasGhost) upload.candidates = [bytes]
  if (unknown > 0) upload.hasGhost = true
  if (outcome !== 'acknowledged' && Date.now() < Date.parse(upload.sendBy) - 1000) {
    violate(world, `S3 refused a grant with ${code}`, person)
  }
  return outcome === 'acknowledged'
}

/** Confirms; `mayRefuse` are the codes for which there is a reason beside expiry and erasure. */
export async function confirm(
  world: World,
  person: Person,
  upload: Upload,
  mayRefuse: string[] = []
) {
  const path = `/api/uploads/${upload.id}/confirm`
  const operation: Operation = { name: 'confirm', method: 'POST', path, again: ['OBJECT_CHANGED'] }
  const answer = await settle(world, person, operation)
  if (answer.outcome === 'acknowledged') return agrees(world, person, upload, answer)
  const isErased = upload.at < person.ghosts.erasure && answer.outcome === 'refused'
  const isLate =
    answer.code === 'UPLOAD_EXPIRED' && Date.now() > Date.parse(upload.expiresAt) - 1000
  if (!isErased && !isLate && !mayRefuse.includes(answer.code)) {
    violate(world, `confirm of ${upload.id} was refused with ${answer.code}`, person)
  }
  if (upload.confirmed && !isErased) {
    violate(world, `I5: confirm of ${upload.id} was 200 once, now is ${answer.code}`, person)
  }
  return answer
}

// I5: every answer to a confirm of this upload says the same.
function agrees(world: World, person: Person, upload: Upload, answer: Answer) {
  const { upload: said, avatar } = answer.body
  const object = avatar ? new URL(avatar.url).pathname : undefined
  upload.confirmed ??= { upload: said, object }
  const first = upload.confirmed
  if (!isDeepStrictEqual(said, first.upload)) {
    violate(world, `I5: two answers to the confirm of ${upload.id} differ`, person)
  }
  if (object && first.object && object !== first.object) {
    violate(world, `I5: ${upload.id} was ${first.object}, now is ${object}`, person)
  }
  first.object ??= object
  return answer
}

/** What the user's avatar is once this upload is confirmed. */
export const asAvatar = (upload: Upload): Value => ({
  upload,
  candidates: upload.candidates,
  since: Date.now()
})

export async function abort(world: World, person: Person, upload: Upload) {
  const path = `/api/uploads/${upload.id}`
  const answer = await settle(world, person, { name: 'abort', method: 'DELETE', path })
  if (
    answer.outcome === 'refused' &&
    !['UPLOAD_CONFIRMED', 'UPLOAD_NOT_FOUND'].includes(answer.code)
  ) {
    violate(world, `abort was refused with ${answer.code}`, person)
  }
  return answer
}

export async function remove(world: World, person: Person) {
  const path = '/api/users/me/avatar'
  const { outcome, unknown, code } = await settle(world, person, {
    name: 'remove',
    method: 'DELETE',
    path
  })
  if (unknown > 0) person.ghosts.removal = Date.now() + GHOST_MS
  if (outcome === 'refused') violate(world, `remove was refused with ${code}`, person)
  person.value = null
}

export async function erase(world: World, person: Person) {
  const path = `/api/users/${person.id}`
  person.erasures++
  person.ghosts.erasure = Number.POSITIVE_INFINITY
  const { outcome, unknown, code } = await settle(world, person, {
    name: 'erase',
    method: 'DELETE',
    path,
    token: world.adminToken
  })
  person.ghosts.erasure = Date.now() + (unknown > 0 ? GHOST_MS : 0)
  if (outcome === 'refused') violate(world, `erase was refused with ${code}`, person)
  person.value = null
}

/** Signed URLs of somebody erased are dead when the erasure is acknowledged. */
export async function assertDead(world: World, person: Person, url: string) {
  const { status } = await getPast(url, world.sandboxPort)
  const isDead = [403, 404].includes(status) // 403 when its own time is over as well
  if (!isDead) violate(world, `I8: a URL of somebody erased answers ${status}`, person)
}

/**
 * Reads the avatar and what its URL gives: it has to be one of `allowed`, and is from then on
 * what the user knows to be theirs. Answers the URL.
 */
export async function look(world: World, person: Person, allowed: (Value | null)[]) {
  const path = '/api/users/me/avatar'
  const { outcome, status, code, body } = await settle(world, person, {
    name: 'read',
    method: 'GET',
    path
  })
  const { removal, erasure } = person.ghosts
  const mayBeGone = allowed.some((value) => !value || value.since < Math.max(removal, erasure))
  if (outcome !== 'acknowledged') {
    const isLost = code !== 'AVATAR_NOT_FOUND' || !mayBeGone
    if (isLost)
      violate(world, `I10: the avatar is ${status} ${code}, should be ${named(allowed)}`, person)
    person.value = null
    return null
  }
  const got = await settleAtS3(world, person, 'download', (signal) => fetch(body.url, { signal }))
  if (got.outcome !== 'acknowledged') {
    if (!mayBeGone) violate(world, `I1: ${body.url} answers ${got.status} ${got.code}`, person)
    return null
  }
  const matches = (value: Value | null) => value?.candidates.some((bytes) => bytes.equals(got.body))
  const value = allowed.find(matches)
  if (!value) {
    violate(world, `I10: the avatar ${body.url} is another, should be ${named(allowed)}`, person)
    return null
  }
  note(person, `sees ${value.upload.id}`)
  person.value = value
  value.upload.candidates = value.candidates = [got.body]
  if (world.random.chance(0.3)) world.urls.keep(world, person, body.url, got.body, body.expiresAt)
  return body.url as string
}

const named = (allowed: (Value | null)[]) =>
  allowed.map((value) => value?.upload.id ?? 'none').join(' or ')
