// Confirm on an honest store, and what a declared SHA-256 adds.

import { createHash } from 'node:crypto'

import t from 'tap'

import { startApp } from './support/app.ts'
import { confirmSuite } from './support/confirm-suite.ts'
import { padded, png } from './support/pictures.ts'
import { honest } from './support/stores.ts'

const picture = padded(png(64), 400)
const other = padded(png(64, { colour: 'red' }), 400)

t.test('a declared SHA-256 is enforced by the grant and checked again', async (t) => {
  const { ada, sandbox } = await startApp(t)
  const sha256 = createHash('sha256').update(picture).digest('hex')
  const upload = await ada.createUpload(picture, { sha256 })
  t.ok((await ada.send(upload, other)).status >= 400)
  await ada.send(upload, picture)
  t.match(await ada.confirm(upload), { upload: { state: 'confirmed' } })

  sandbox.misbehave.lieAboutEverything()
  const swapped = await ada.createUpload(picture, { sha256 })
  t.ok((await ada.send(swapped, other)).ok)
  const refused = { status: 422, reasons: [{ code: 'CHECKSUM_MISMATCH', declared: sha256 }] }
  await t.rejects(ada.confirm(swapped), refused as unknown as Error)
})

t.test(
  'the SHA-256 of more than can be seen is computed from all bytes, whatever S3 says',
  async (t) => {
    const { ada, sandbox } = await startApp(t)
    const large = padded(picture, 300_000)
    const wrong = Buffer.from(large)
    wrong[150_000]! ^= 1
    const sha256 = createHash('sha256').update(large).digest('hex')
    await ada.upload(large, { sha256 })

    sandbox.misbehave.lie('checksum')
    const upload = await ada.createUpload(large, { sha256 })
    t.equal((await ada.send(upload, wrong)).status, 204)
    t.match(await refusal(ada.confirm(upload)), { reasons: [{ code: 'CHECKSUM_MISMATCH' }] })
  }
)

const refusal = (answer: Promise<unknown>) => answer.then(String, (err: unknown) => err as object)

// Last, for it moves the time of this process, which grants are compared with.
await confirmSuite(t, honest)
