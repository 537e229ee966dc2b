// The stores that the whole confirm suite runs against, and a world of each for every test.

import type { Test } from 'tap'

import { S3Error } from '../../src/dev/sandbox/errors.ts'
import { lies } from '../../src/dev/sandbox/lies.ts'
import type { Sandbox } from '../../src/dev/sandbox/server.ts'
import { adoptBucket } from '../../src/janitor/label.ts'
import { reconcile } from '../../src/janitor/reconcile.ts'
import { sweep } from '../../src/janitor/sweep.ts'
import { BUCKET, startApp } from './app.ts'
import { startClock } from './clock.ts'
import { padded, png } from './pictures.ts'
import { scan, watch } from './scanner.ts'

export interface Store {
  name: string
  environment?: Record<string, string>
  /** Takes the bytes of a grant once. */
  once?: boolean
  misbehave: (sandbox: Sandbox) => void
  /** What may be served when these bytes were sent and confirmed. */
  served: (sent: Buffer) => Buffer[]
}

export const honest: Store = {
  name: 'an honest store',
  misbehave: () => {},
  served: (sent) => [sent]
}

/** Enforces nothing. All lies but one: where ranges are ignored, nothing large can be read at all. */
export const lying: Store = {
  name: 'a lying store',
  misbehave: ({ misbehave }) => misbehave.lie(...lies.filter((lie) => lie !== 'range')),
  served: (sent) => [sent]
}

/**
 * Whatever has been looked at, copied or read is another picture a moment later, of the same size and
 * the same ETag, as somebody can do who holds the grant and two pictures with one MD5.
 */
export const swapping: Store = {
  name: 'a swapping store',
  misbehave: swapAllTheTime,
  served: (sent) => [sent, twin(sent)]
}

const noPosts = ({ misbehave }: Sandbox) =>
  misbehave.fail('PostObject', { status: 501, code: 'NotImplemented' })

/** Cloudflare's R2: it has no POST. */
export const r2: Store = {
  name: 'a store like R2',
  environment: { STORE: 'r2' },
  once: true,
  misbehave: noPosts,
  served: (sent) => [sent]
}

/** Backblaze's B2: it has no POST and no If-None-Match. */
export const b2: Store = {
  name: 'a store like B2',
  environment: { STORE: 'b2' },
  misbehave: (sandbox) => {
    noPosts(sandbox)
    sandbox.misbehave.before('PutObject', ({ headers }) => {
      if (headers['if-none-match']) throw new S3Error('NotImplemented')
    })
  },
  served: (sent) => [sent]
}

/** A valid picture of as many bytes, but not of as many pixels. */
export const twin = (picture: Buffer) => padded(png(32, { colour: 'blue' }), picture.length)

function swapAllTheTime({ misbehave, door }: Sandbox) {
  const pairs = new Map<string, Buffer[]>()
  misbehave.after('PostObject', async ({ key }) => {
    const sent = await door.get(BUCKET, key)
    if (sent?.key.startsWith('staging/')) pairs.set(key, [twin(sent.body), sent.body])
  })
  const swap = async () => {
    for (const [key, pair] of pairs) {
      const { etag, headers } = (await door.get(BUCKET, key)) ?? {}
      const contentType = headers?.['content-type']
      if (etag) await door.put(BUCKET, key, pair[0]!, { etag, contentType })
      pair.reverse()
    }
  }
  misbehave.after('HeadObject', swap)
  misbehave.after('CopyObject', swap)
  misbehave.after('GetObject', swap)
}

type App = Awaited<ReturnType<typeof startApp>>
type Body = (t: Test, app: App) => Promise<unknown>

const DAY = 86_400
// However slow the machine is: what deadlines do is not what the suite is about.
const UNHURRIED = {
  S3_DEADLINE_MS: '60000',
  DATABASE_DEADLINE_MS: '60000',
  CONFIRM_DEADLINE_MS: '120000'
}

/**
 * One service over a store of this kind. The function it returns runs a test in an empty world; when
 * it is over, time passes, the janitor works, and the scanner must have nothing to say.
 */
export async function startStore(t: Test, store: Store) {
  const app = await startApp(t, { ...UNHURRIED, ...store.environment })
  const clock = await startClock(t, app.databaseUrl)
  await adoptBucket(app.deps)
  return (name: string, body: Body) =>
    t.test(`${store.name}: ${name}`, async (t) => {
      await empty(app)
      const { violations } = watch(app.sandbox, app.sql, BUCKET)
      store.misbehave(app.sandbox)
      const [ada, bob] = [app.user('ada'), app.user('bob')] // earlier tokens have expired
      await body(t, { ...app, ada, bob })

      app.sandbox.misbehave.clear()
      await clock.advance(2 * DAY)
      await sweep(app.deps)
      await reconcile(app.deps)
      const found = await scan(app.sql, app.sandbox.door, BUCKET, { swept: true })
      t.strictSame([...found, ...violations], [])
    })
}

async function empty({ sandbox, sql, clock }: App) {
  await sql`truncate users, uploads, objects`
  for (const prefix of ['staging/', 'avatars/']) {
    for (const key of sandbox.door.list(BUCKET, prefix)) sandbox.door.delete(BUCKET, key)
  }
  sandbox.requests.length = 0
  sandbox.misbehave.clear()
  clock.now = () => new Date()
}
