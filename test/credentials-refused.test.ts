// F41: credentials that the store takes no more, although they should not have ended: whoever issues them
// is asked for others, once, and the call under way goes on with these.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import t, { type Test } from 'tap'

import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'
import { download } from './support/send.ts'

const picture = padded(png(64), 400)

/** The service with the credentials of its machine's role, and a store that takes the newest alone. */
async function start(t: Test) {
  const started = await startApp(t)
  const { credentials } = started.sandbox
  const issuer = { token: 'first', asked: 0, isAway: false }
  const server = createServer((_request, reply) => {
    issuer.asked++
    if (issuer.isAway) return reply.writeHead(500).end()
    const Expiration = new Date(Date.now() + 12 * 3_600_000)
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = credentials
    reply.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: issuer.token, Expiration }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${port}/credentials`
  t.teardown(() => {
    delete process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI
    server.close()
  })
  credentials.sessionToken = issuer.token
  const instance = () => started.instance({ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' })
  const revoke = (token: string) => {
    credentials.sessionToken = token
    issuer.token = token
    issuer.asked = 0
  }
  return { ...started, instance, issuer, revoke, credentials }
}

t.test('F41: revoked before any step of a confirm, they cost nobody anything', async (t) => {
  const { instance, sandbox, issuer, revoke } = await start(t)
  for (const step of ['at first', 'HeadObject', 'CopyObject'] as const) {
    const { ada, app } = await instance()
    const upload = await ada.sent(picture)
    const next = `after ${step}`
    if (step === 'at first') revoke(next)
    else sandbox.misbehave.after({ verb: step, times: 1 }, () => revoke(next))
    const { avatar } = await ada.confirm(upload)
    t.same(await download(avatar.url), picture, step)
    t.equal(issuer.asked, 1, `${step}: asked once`)
    t.equal((await app.inject('/health/ready')).statusCode, 200)
    const later = await ada.sent(picture)
    t.ok(later, 'what is signed for clients is signed with the new ones')
    await ada.abort(later)
  }
})

t.test('F41: while nobody has others, it is a 503, and the issuer is left in peace', async (t) => {
  const { instance, issuer, revoke, credentials } = await start(t)
  const { ada } = await instance()
  const upload = await ada.sent(picture)
  revoke('second')
  issuer.token = 'first'
  const away = { status: 503, code: 'STORAGE_UNAVAILABLE' }
  for (let times = 0; times < 5; times++) await t.rejects(ada.confirm(upload), away)
  t.equal(issuer.asked, 1)
  credentials.sessionToken = 'first'
  issuer.isAway = true
  t.same(await download((await ada.confirm(upload)).avatar.url), picture, 'those at hand do again')
})
