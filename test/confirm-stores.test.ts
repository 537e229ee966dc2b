// Confirm on a store that lies and on one whose staging is overwritten at any moment: what is served is
// what was verified, or nothing.

import { createHash } from 'node:crypto'

import t, { type Test } from 'tap'

import { BUCKET, type startApp, type User } from './support/app.ts'
import { confirmSuite } from './support/confirm-suite.ts'
import { padded, png } from './support/pictures.ts'
import { download } from './support/send.ts'
import { honest, lying, type Store, startStore, swapping, twin } from './support/stores.ts'
import { atLength } from './support/thorough.ts'

type App = Awaited<ReturnType<typeof startApp>>
type Moment = keyof typeof moments
type Content = keyof typeof contents

const picture = padded(png(64), 400)
const html = Buffer.alloc(picture.length, '<script>')
const sha256 = createHash('sha256').update(picture).digest('hex')
const once = { times: 1 }

/** When the swap is made; it takes the time of the confirm, or is called when that is over. */
const moments = {
  'before HEAD': ({ misbehave }, swap) => misbehave.before({ verb: 'HeadObject', ...once }, swap),
  'after HEAD': ({ misbehave }, swap) => misbehave.after({ verb: 'HeadObject', ...once }, swap),
  'before COPY': ({ misbehave }, swap) => misbehave.before({ verb: 'CopyObject', ...once }, swap),
  'after COPY': ({ misbehave }, swap) => misbehave.after({ verb: 'CopyObject', ...once }, swap),
  'before the copy is read': ({ misbehave }, swap) =>
    misbehave.before({ verb: 'GetObject', key: /^avatars/, ...once }, swap),
  'after the commit': () => {}
} satisfies Record<string, (sandbox: App['sandbox'], swap: () => Promise<void>) => unknown>

/** What is put there. `equal`: its MD5 is that of what was sent, so no condition tells them apart. */
const contents = {
  'another picture': { bytes: twin(picture) },
  'another picture of equal MD5': { bytes: twin(picture), equal: true },
  HTML: { bytes: html },
  'HTML of equal MD5': { bytes: html, equal: true },
  'the same bytes, encoded': { bytes: picture, equal: true, encoding: 'gzip' },
  'another picture of equal MD5, where SHA-256 was declared': {
    ...{ bytes: twin(picture), equal: true, sha256 }
  }
} satisfies Record<string, Swap>

interface Swap {
  bytes: Buffer
  equal?: boolean
  encoding?: string
  sha256?: string
}

interface Case {
  store: Store
  moment: Moment
  content: Content
}

/** The bytes that are served, or the refusal. */
function expected({ store, moment, content }: Case) {
  const { bytes, equal, encoding, sha256 }: Swap = contents[content]
  if (/after the|after COPY|copy is read/.test(moment)) return picture
  const isSeen = moment === 'before HEAD'
  if (!isSeen && !equal && store === honest) return { status: 409, code: 'OBJECT_CHANGED' }
  if (bytes === html) return rejected('UNKNOWN_FORMAT')
  if (encoding && (isSeen || store === lying)) return rejected('CONTENT_ENCODED')
  return sha256 ? rejected('CHECKSUM_MISMATCH') : bytes
}

const rejected = (code: string) => ({ status: 422, code: 'OBJECT_REJECTED', reasons: [{ code }] })

t.test('the whole suite on a lying store', atLength, (t) => confirmSuite(t, lying))
t.test('the whole suite on a swapping store', atLength, (t) => confirmSuite(t, swapping))

for (const store of [honest, lying]) {
  t.test(`every swap on ${store.name}`, async (t) => {
    const test = await startStore(t, store)
    for (const moment of Object.keys(moments) as Moment[]) {
      await test(`staging is overwritten ${moment}`, async (t, app) => {
        for (const [index, content] of (Object.keys(contents) as Content[]).entries()) {
          t.comment(content)
          await swapped(t, app, app.user(`user-${index}`), { store, moment, content })
        }
      })
    }
  })
}

async function swapped(t: Test, { sandbox }: App, user: User, { store, moment, content }: Case) {
  const { bytes, equal, encoding, sha256 }: Swap = contents[content]
  const outcome = expected({ store, moment, content })
  const upload = await user.sent(picture, sha256 ? { sha256 } : {})
  const key = `staging/${upload.id}`
  const { etag } = (await sandbox.door.get(BUCKET, key))!
  let swaps = 0
  const swap = async () => {
    swaps += 1
    const headers: Record<string, string> = encoding ? { 'content-encoding': encoding } : {}
    const options = { contentType: 'image/png', headers, ...(equal ? { etag } : {}) }
    await sandbox.door.put(BUCKET, key, bytes, options)
  }
  moments[moment](sandbox, swap)

  const told = await user.confirm(upload).catch((err) => err)
  if (moment === 'after the commit') await swap()

  t.equal(swaps, 1)
  if (outcome instanceof Buffer) {
    t.same(await download(told.avatar.url), outcome)
    t.equal(told.avatar.width, outcome === picture ? 64 : 32, 'what is said of it is as true')
    t.same(await user.confirm(upload), told, 'confirmed again it is the same')
    t.same(await download((await user.avatar()).url), outcome)
  } else {
    t.match(told, outcome)
    await t.rejects(user.avatar(), { code: 'AVATAR_NOT_FOUND' })
  }
}
