// What can be under way when something fails, what has to be there before, and what it must come to.

import { createHash } from 'node:crypto'

import { BUCKET, type Upload, type User } from '../app.ts'
import { padded, png } from '../pictures.ts'
import { download } from '../send.ts'
import type { Instance, World } from './world.ts'

export const PICTURE = padded(png(64), 500)
export const EARLIER = padded(png(64), 400)
const LARGE = padded(png(64), 200_000) // more than is seen of its head and tail

/** Somebody new in every scenario. */
export interface Subject {
  id: string
  /** Through the healthy instance. */
  user: User
  /** Their uploads, once an operation has prepared them. */
  uploads: Upload[]
}

export interface Operation {
  prepare: (world: World, subject: Subject) => Promise<unknown>
  run: (instance: Instance, subject: Subject) => Promise<unknown>
  /** Whether a client may ask again after an answer, and gets the same. */
  repeats?: boolean
  /** What the last of all tries has to answer when nobody else did anything; ok if not said. */
  answer?: string
  /** What must be true then. */
  holds?: (world: World, subject: Subject) => Promise<boolean>
}

const as = (instance: Instance, { id, user }: Subject) => {
  // The same token on every instance and for every retry: an erasure makes it void.
  const { iat } = JSON.parse(Buffer.from(user.token.split('.')[1]!, 'base64url').toString())
  return instance.user(id, { iat })
}
const admin = (instance: Instance) => instance.user('operator', { scope: 'avatars:admin' })

export const send = async (subject: Subject, bytes: Buffer, declared = {}) => {
  subject.uploads.push(await subject.user.sent(bytes, declared))
}
export const confirm = (instance: Instance, subject: Subject, index = 0) =>
  as(instance, subject).confirm(subject.uploads[index]!)

export const shows =
  (bytes: Buffer) =>
  async (_: World, { user }: Subject) =>
    bytes.equals(await download((await user.avatar()).url))
export const showsNothing = async (_: World, { user }: Subject) =>
  (await user.avatar().catch((err) => err)).code === 'AVATAR_NOT_FOUND'
const stateIs =
  (state: string) =>
  async (_: World, { user, uploads }: Subject) =>
    (await user.read(uploads[0]!)).state === state

export type OperationName = keyof typeof operations

export const operations = {
  create: {
    prepare: async () => {},
    run: (instance, subject) => as(instance, subject).createUpload(PICTURE)
  },
  'confirm another': {
    prepare: async (_, subject) => {
      await subject.user.upload(EARLIER)
      await send(subject, PICTURE)
    },
    run: confirm,
    repeats: true,
    holds: shows(PICTURE)
  },
  'confirm the first': {
    prepare: (_, subject) => send(subject, PICTURE),
    run: confirm,
    repeats: true,
    holds: shows(PICTURE)
  },
  'confirm a large one with its SHA-256': {
    prepare: (_, subject) =>
      send(subject, LARGE, { sha256: createHash('sha256').update(LARGE).digest('hex') }),
    run: confirm,
    repeats: true,
    holds: shows(LARGE)
  },
  'confirm what lies about its type': {
    prepare: async ({ sandbox }, subject) => {
      await send(subject, PICTURE)
      const key = `staging/${subject.uploads[0]!.id}`
      await sandbox.door.put(BUCKET, key, PICTURE, { contentType: 'text/html' })
    },
    run: confirm,
    repeats: true,
    answer: 'OBJECT_REJECTED',
    holds: stateIs('rejected')
  },
  'confirm what is no picture': {
    prepare: (_, subject) => send(subject, Buffer.alloc(500, 'x')),
    run: confirm,
    repeats: true,
    answer: 'OBJECT_REJECTED',
    holds: stateIs('rejected')
  },
  abort: {
    prepare: (_, subject) => send(subject, PICTURE),
    run: (instance, subject) => as(instance, subject).abort(subject.uploads[0]!),
    repeats: true,
    holds: stateIs('aborted')
  },
  remove: {
    prepare: (_, { user }) => user.upload(EARLIER),
    run: (instance, subject) => as(instance, subject).removeAvatar(),
    holds: showsNothing
  },
  erase: {
    prepare: async (_, subject) => {
      await subject.user.upload(EARLIER)
      await send(subject, PICTURE)
    },
    run: (instance, { id }) => admin(instance).call('DELETE', `/api/users/${id}`),
    holds: showsNothing
  },
  sweep: {
    // Something of every kind: overdue, aborted, replaced, removed, and an attempt that was left.
    prepare: async (world, subject) => {
      const bob = world.healthy.user(`bob-of-${subject.id}`)
      await subject.user.upload(EARLIER)
      await subject.user.upload(PICTURE)
      await bob.upload(EARLIER)
      await bob.removeAvatar()
      await bob.abort(await bob.sent(PICTURE))
      await leave(world, await bob.sent(PICTURE))
      await world.advance(DAY)
    },
    run: (instance) => instance.janitor('sweep'),
    holds: shows(PICTURE)
  },
  reconcile: {
    prepare: async (world, { user }) => {
      await user.upload(PICTURE)
      for (const prefix of ['staging', 'avatars']) {
        await world.sandbox.door.put(BUCKET, `${prefix}/${'f'.repeat(32)}`, EARLIER)
      }
      await world.advance(DAY)
    },
    run: (instance) => instance.janitor('reconcile'),
    holds: shows(PICTURE)
  }
} satisfies Record<string, Operation>

export const DAY = 86_400

// What an instance leaves that dies between COPY and commit.
async function leave({ sql, sandbox }: World, { id }: Upload) {
  const key = `avatars/${'e'.repeat(32)}`
  await sql`
    insert into objects (key, user_id, upload_id, content_type, size_bytes, purge_after)
    select ${key}, user_id, id, content_type, size_bytes, now() from uploads where id = ${id}`
  await sandbox.door.put(BUCKET, key, PICTURE, { contentType: 'image/png' })
}
