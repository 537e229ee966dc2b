// An identity provider for tests: its keys, its tokens (made by jose), and the address of its key set.

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Test } from 'tap'

export const ISSUER = 'https://login.example/'
export const AUDIENCE = 'directo'

/** A key pair that signs tokens with `alg`, and what the world may know of it. */
export async function keyPair(alg: string, kid?: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), ...(kid && { kid }), alg, use: 'sig' }
  const sign = (claims: Record<string, unknown> = {}, header: object = {}, options = {}) =>
    new SignJWT({ ...lasting(), ...claims } as JWTPayload)
      .setProtectedHeader({ alg, ...(kid && { kid }), ...header })
      .sign(privateKey, options)
  return { alg, jwk, privateKey, pem: `${await exportSPKI(publicKey)}\n`, sign }
}

/** Ada's claims, as this provider writes them; an hour long. */
export function lasting() {
  const now = Math.floor(Date.now() / 1000)
  return { sub: 'ada', iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 3600 }
}

/** Serves a key set on this machine; `answer` may be replaced, and `asked` counts. */
export async function serveKeys(t: Test, keys: object[]) {
  const served = {
    keys,
    asked: 0,
    url: '',
    answer: ((_request, reply) => {
      reply.end(JSON.stringify({ keys: served.keys }))
    }) as RequestListener,
    close: async () => {
      server.closeAllConnections()
      if (server.listening) await new Promise((done) => server.close(done))
    },
    listen: async (port = 0) => {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    }
  }
  const server = createServer((request, reply) => {
    served.asked++
    served.answer(request, reply)
  })
  await served.listen()
  t.teardown(served.close)
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  return served
}
