// The real system of a history: it does what it is told, and says what the answers were.

import type { Test } from 'tap'

import { adoptBucket } from '../../../src/janitor/label.ts'
import { reconcile } from '../../../src/janitor/reconcile.ts'
import { sweep } from '../../../src/janitor/sweep.ts'
import { BUCKET, Refused, startApp, type Upload } from '../app.ts'
import { startClock } from '../clock.ts'
import { padded, png } from '../pictures.ts'
import { watch } from '../scanner.ts'
import { send } from '../send.ts'
import { type Instance, startInstances } from './instances.ts'
import type { Content } from './model.ts'

export const SIZE = 160
export const contents: Record<Content, Buffer> = {
  red: padded(png(4, { colour: 'red' }), SIZE),
  blue: padded(png(4, { colour: 'blue' }), SIZE),
  junk: Buffer.alloc(SIZE, 'junk')
}

export type System = Awaited<ReturnType<typeof openSystem>>

/** `text` is what the model speaks of; `url` has still to be looked at. */
export interface Answer {
  text: string
  url?: { url: string; expiresAt: string }
  upload?: Upload
}

/** Everything that histories are played on, one after the other. */
export async function openSystem(t: Test) {
  const environment = { OPEN_UPLOADS_PER_USER: '3' } // few, so that the limit is met
  const started = await startApp(t, environment)
  const clock = await startClock(t, started.databaseUrl)
  await adoptBucket(started.deps)
  const instances = await startInstances(t, started, environment)
  const { sandbox, sql } = started
  const { config } = started.deps
  const watched = watch(sandbox, sql, BUCKET)

  const asked = (instance: Instance, work: () => Promise<Answer>) =>
    instance.run(() => work().catch(refusal))

  return {
    sandbox,
    sql,
    config,
    clock,
    instances,
    watched,
    create: (by: Instance, user: string, token: Token, declared: object | null) =>
      asked(by, async () => {
        const reply = await by.app.inject({
          method: 'POST',
          url: '/api/uploads',
          headers: { authorization: `Bearer ${tokenOf(by, user, token)}` },
          payload: { purpose: 'avatar', contentType: 'image/png', sizeBytes: SIZE, ...declared }
        })
        if (reply.statusCode !== 201) throw new Refused(reply.statusCode, reply.body)
        return { text: 'created', upload: reply.json<Upload>() }
      }),
    confirm: (by: Instance, user: string, id: string) =>
      asked(by, async () => {
        const { avatar } = await by.user(user).confirm({ id })
        return avatar ? { text: 'confirmed ', url: avatar } : { text: 'confirmed none' }
      }),
    look: (by: Instance, user: string, id: string) =>
      asked(by, async () => ({ text: (await by.user(user).read({ id })).state })),
    abort: (by: Instance, user: string, id: string) =>
      asked(by, () => done(by.user(user).abort({ id }))),
    avatar: (by: Instance, user: string) =>
      asked(by, async () => ({ text: '', url: await by.user(user).avatar() })),
    remove: (by: Instance, user: string) => asked(by, () => done(by.user(user).removeAvatar())),
    erase: (by: Instance, user: string) =>
      asked(by, async () => {
        const admin = by.user('admin', { scope: 'avatars:admin' })
        await admin.call('DELETE', `/api/users/${user}`)
        return { text: 'done' }
      }),
    sweep: (by: Instance) =>
      asked(by, async () => {
        const { errors } = await sweep(by.deps)
        if (errors.length > 0) throw errors[0]
        return { text: 'done' }
      }),
    reconcile: (by: Instance) =>
      asked(by, async () => ({ text: (await reconcile(by.deps)) ? 'done' : 'held' })),
    async send({ request }: Upload, content: Content): Promise<Answer> {
      const { ok } = await send(request, contents[content])
      return { text: ok ? 'stored' : 'refused' }
    },
    /** What was begun in time may land at any time: now, or when another next asks S3 for `moment`. */
    async land({ id }: Upload, content: Content, moment: Moment, others: Others): Promise<Answer> {
      const put = () =>
        sandbox.door.put(BUCKET, `staging/${id}`, contents[content], { contentType: 'image/png' })
      const { promise: landed, resolve } = Promise.withResolvers<boolean>()
      const land = () => put().then(() => resolve(true))
      const undo = moment && sandbox.misbehave.before({ verb: moment, times: 1 }, land)
      const missed = () => (undo ? others() : Promise.resolve()).then(() => false)
      if (!(await Promise.race([landed, Promise.resolve().then(missed)]))) {
        undo?.()
        await put()
      }
      return { text: 'stored' }
    },
    /** What is served there, or `dead`. */
    async served(url: string): Promise<string> {
      const response = await fetch(url)
      const bytes = Buffer.from(await response.arrayBuffer())
      if (!response.ok) return 'dead'
      const known = Object.entries(contents).find(([, content]) => content.equals(bytes))
      return known?.[0] ?? `${bytes.length} strange bytes`
    },
    /** Nothing is left of a history for the next one to stumble over. */
    async wipe() {
      await sql`delete from users`
      await sql`delete from uploads`
      await sql`delete from objects`
      await sql`delete from walks`
      for (const prefix of ['avatars/', 'staging/']) {
        for (const key of sandbox.door.list(BUCKET, prefix)) sandbox.door.delete(BUCKET, key)
      }
      watched.violations.splice(0)
    }
  }
}

/** A call that a confirm makes. */
export type Moment = 'HeadObject' | 'CopyObject' | 'GetObject' | null
/** When everything else that was begun at the same time is over. */
export type Others = () => Promise<unknown>

export interface Token {
  /** In seconds since 1970. */
  issuedAt: number
}

const tokenOf = ({ app }: Instance, sub: string, { issuedAt }: Token) =>
  app.jwt.sign({ sub, iat: issuedAt, exp: issuedAt + 10 * 365 * 86_400 })

async function done(work: Promise<unknown>): Promise<Answer> {
  await work
  return { text: 'done' }
}

// A 503 leaves open what became of it.
function refusal(err: unknown): Answer | null {
  if (!(err instanceof Refused)) throw err
  const { status, code } = err as Refused & { status: number; code: string }
  if (status === 503) return null
  return { text: code === 'AVATAR_NOT_FOUND' ? 'none' : code }
}
