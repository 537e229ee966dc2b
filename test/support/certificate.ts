// A certificate for 127.0.0.1 that signs itself, valid from and until whenever a test wants.

import { generateKeyPairSync, sign } from 'node:crypto'

const DAY_MS = 86_400_000

/** PEMs of a key and its certificate, which ends in so many days; below 0 it has ended. */
export function certificateFor(days: number) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from('a test')))))
  const ends = Date.now() + days * DAY_MS
  const validity = der(0x30, time(ends - 365 * DAY_MS), time(ends))
  const names = der(0x30, der(0x87, Buffer.of(127, 0, 0, 1)), der(0x82, Buffer.from('localhost')))
  const extension = der(0x30, ALTERNATIVE_NAMES, der(0x04, names))
  const facts = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))), // version 3
    der(0x02, Buffer.of(1)),
    ECDSA_SHA256,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, extension))
  )
  const signature = sign('sha256', facts, privateKey)
  const whole = der(0x30, facts, ECDSA_SHA256, der(0x03, Buffer.of(0), signature))
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
  }
}

// X.690: a tag, a length, what is in it.
function der(tag: number, ...parts: Buffer[]) {
  const body = Buffer.concat(parts)
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const time = (ms: number) => {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return der(0x18, Buffer.from(digits))
}

const ECDSA_SHA256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'))
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const ALTERNATIVE_NAMES = Buffer.from('0603551d11', 'hex')
