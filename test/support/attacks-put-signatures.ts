// Attacks on the signature of a PUT: changed, missing, borrowed, of another time or place.

import { mock } from 'node:test'

import {
  type Attack,
  attack,
  badCredential,
  both,
  type Change,
  denied,
  forged,
  header,
  noParameter,
  OTHER_FILE,
  parameter,
  putOf,
  query,
  type Target,
  withSha256
} from './attacks-put-blocks.ts'

/** The request as it was granted ten minutes ago, for five. */
const expired: Change = async (put, target, key) => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() - 600_000 })
  try {
    Object.assign(put, await putOf(target, key))
  } finally {
    mock.timers.reset()
  }
}

const borrow = async (target: Target, key: string, name: string) =>
  new URLSearchParams((await putOf(target, key)).path.split('?')[1]).get(name)!

const turn = (digit: string) => `${(Number.parseInt(digit, 16) + 1) % 10}`

export const signatures: Attack[] = [
  attack('T05', 'an expired grant', denied, expired),
  attack(
    'T05',
    'an expired grant with a longer life',
    forged,
    both(expired, parameter('X-Amz-Expires', '3600'))
  ),
  attack('T05', 'a longer life', forged, parameter('X-Amz-Expires', '900')),
  attack('T05', 'a life beyond a week', badCredential, parameter('X-Amz-Expires', '604801')),
  attack('T05', 'a life without end', badCredential, parameter('X-Amz-Expires', '-1')),
  attack('T05', 'no end', badCredential, noParameter('X-Amz-Expires')),
  attack(
    'T05',
    'two ends',
    badCredential,
    query((query) => query.append('X-Amz-Expires', '900'))
  ),
  attack(
    'T05',
    'another date',
    forged,
    parameter('X-Amz-Date', (was) => was.replace(/\dZ$/, (end) => `${turn(end[0]!)}Z`))
  ),
  attack('T05', 'no date', badCredential, noParameter('X-Amz-Date')),

  attack(
    'T09',
    'a changed signature',
    forged,
    parameter('X-Amz-Signature', (was) => was.replace(/^./, turn))
  ),
  attack(
    'T09',
    'the signature in capitals',
    forged,
    parameter('X-Amz-Signature', (was) => was.toUpperCase())
  ),
  attack(
    'T09',
    'half a signature',
    forged,
    parameter('X-Amz-Signature', (was) => was.slice(0, 32))
  ),
  attack('T09', 'an empty signature', forged, parameter('X-Amz-Signature', '')),
  attack('T09', 'no signature', badCredential, noParameter('X-Amz-Signature')),
  attack(
    'T09',
    'two signatures',
    badCredential,
    query((query) => query.append('X-Amz-Signature', 'x'))
  ),
  attack('T09', 'the signature of another grant', forged, async (put, target, key) => {
    const signature = await borrow(target, `${key.slice(0, -2)}00`, 'X-Amz-Signature')
    return parameter('X-Amz-Signature', signature)(put, target, key)
  }),
  attack('T09', 'the whole query of another grant', forged, async (put, target, key) => {
    const other = await putOf(target, `${key.slice(0, -2)}00`)
    put.path = `${put.path.split('?')[0]}?${other.path.split('?')[1]}`
  }),
  attack(
    'T09',
    'no query',
    denied,
    (put) => void Object.assign(put, { path: put.path.split('?')[0] })
  ),
  attack(
    'T09',
    'another algorithm',
    { status: 400, code: 'InvalidRequest' },
    parameter('X-Amz-Algorithm', 'AWS4-HMAC-SHA1')
  ),
  attack('T09', 'no algorithm', denied, noParameter('X-Amz-Algorithm')),
  attack('T09', 'no credential', badCredential, noParameter('X-Amz-Credential')),
  attack(
    'T09',
    'an unknown access key',
    { status: 403, code: 'InvalidAccessKeyId' },
    parameter('X-Amz-Credential', (was) => was.replace(/^[^/]+/, 'mallory'))
  ),
  attack(
    'T09',
    'another region',
    badCredential,
    parameter('X-Amz-Credential', (was) => was.replace('us-east-1', 'eu-west-1'))
  ),
  attack(
    'T09',
    'another day',
    badCredential,
    parameter('X-Amz-Credential', (was) => was.replace(/\/\d{8}\//, '/20200101/'))
  ),
  attack(
    'T09',
    'another service',
    badCredential,
    parameter('X-Amz-Credential', (was) => was.replace('/s3/', '/sqs/'))
  ),
  attack(
    'T09',
    'a session token',
    { status: 400, code: 'InvalidToken' },
    parameter('X-Amz-Security-Token', 'x')
  ),
  attack(
    'T09',
    'only the host said to be signed',
    forged,
    parameter('X-Amz-SignedHeaders', 'host')
  ),
  attack(
    'T09',
    'only the host said to be signed, where a checksum was',
    denied,
    both(
      parameter('X-Amz-SignedHeaders', 'host'),
      (put) => void Object.assign(put, { body: OTHER_FILE })
    ),
    withSha256
  ),
  attack(
    'T09',
    'no host said to be signed',
    denied,
    parameter('X-Amz-SignedHeaders', (was) => was.replace(';host', ''))
  ),
  attack(
    'T09',
    'no length said to be signed',
    forged,
    parameter('X-Amz-SignedHeaders', (was) => was.replace('content-length;', ''))
  ),
  attack(
    'T09',
    'one more header said to be signed',
    forged,
    both(
      header('x-amz-acl', 'public-read'),
      parameter('X-Amz-SignedHeaders', (was) => `${was};x-amz-acl`)
    )
  ),
  attack('T09', 'no headers said to be signed', badCredential, noParameter('X-Amz-SignedHeaders')),
  attack('T09', 'another host', forged, header('host', 'evil.example')),
  attack(
    'T09',
    'a second way of signing',
    { status: 400, code: 'InvalidArgument' },
    header('authorization', 'AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=x')
  ),
  attack(
    'T09',
    'a password',
    { status: 400, code: 'InvalidArgument' },
    header('authorization', 'Basic bWFsbG9yeTp4')
  )
]
