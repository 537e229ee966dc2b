// Checks: uploads by PUT, a good one and those that a signed URL must not let in.

import { createHash } from 'node:crypto'

import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

import { type GrantFacts, type GrantRequest, presignPut } from '../s3/grant.ts'
import type { Ability } from '../stores.ts'
import {
  type Check,
  CLOSED,
  fail,
  LONG_AGO_SECONDS,
  newKey,
  OPEN,
  pass,
  type Subject
} from './check.ts'
import {
  accepted,
  ask,
  FILE,
  OTHER_FILE,
  OTHER_TYPE,
  plainUrl,
  refused,
  store,
  stored,
  TYPE,
  upload
} from './http.ts'

interface Put {
  request: GrantRequest
  bytes: Buffer
  key: string
}
type Change = (put: Put, subject: Subject) => Put | Promise<Put>

const attacks: Record<string, Change> = {
  'a byte too many': (put) => ({ ...put, bytes: Buffer.concat([FILE, FILE.subarray(0, 1)]) }),
  'a byte too few': (put) => ({ ...put, bytes: FILE.subarray(1) }),
  'another type': (put) => withHeaders(put, { 'content-type': OTHER_TYPE }),
  'another key': (put, subject) => {
    const key = newKey(subject, 'staging/')
    return { ...at(put, put.request.url.replace(put.key, key)), key }
  },
  'an expired URL': async (put, subject) => at(put, await expired(subject, put.key)),
  'a wrong signature': (put) =>
    at(put, put.request.url.replace(/(?<=X-Amz-Signature=)\w+/, '0'.repeat(64))),
  'no signature': async (put, subject) => at(put, await plainUrl(subject, put.key))
}
const VITAL = ['another key', 'a wrong signature', 'no signature']

export const puts: Check[] = [
  { name: 'PUT', needs: ['public address'], ability: 'put', run: good },
  ...Object.entries(attacks).map(
    ([name, change]): Check => ({
      name: `PUT ${name}`,
      needs: ['PUT'],
      ability: 'put',
      vital: VITAL.includes(name) ? OPEN : undefined,
      run: async (subject) => {
        const { request, bytes, key } = await change(await putOf(subject), subject)
        return refused(subject, await upload(subject, request, bytes), key)
      }
    })
  ),
  { name: 'PUT a copy of another object', needs: ['PUT'], ability: 'put', run: copied },
  {
    name: 'PUT a header that is not signed',
    needs: ['PUT'],
    ability: 'signed-headers',
    run: unsigned
  },
  { name: 'PUT over If-None-Match', needs: ['PUT'], ability: 'if-none-match', run: replay },
  { name: 'PUT other bytes than its SHA-256', needs: ['PUT'], ability: 'sha256', run: checksum }
]

/** Where nobody can read anything without a signature: but with the uploader's leave? */
export const publishing: Check = {
  name: 'PUT with a public ACL',
  needs: ['PUT', 'GET no signature'],
  vital: CLOSED,
  run: published
}

async function good(subject: Subject) {
  const { request, bytes, key } = await putOf(subject)
  return accepted(subject, await upload(subject, request, bytes), key)
}

async function putOf(subject: Subject, more: Partial<GrantFacts> = {}, ...can: Ability[]) {
  const key = newKey(subject, 'staging/')
  const facts = { key, contentType: TYPE, sizeBytes: FILE.length, sha256: null, seconds: 300 }
  const s3 = { ...subject.s3, store: { ...subject.s3.store, can: new Set(can) } }
  const { request } = await presignPut(s3, { ...facts, ...more })
  return { request, bytes: FILE, key } satisfies Put
}

const at = (put: Put, url: string): Put => ({ ...put, request: { ...put.request, url } })

const withHeaders = (put: Put, headers: Record<string, string>): Put => ({
  ...put,
  request: { ...put.request, headers: { ...put.request.headers, ...headers } }
})

function expired({ s3, now }: Subject, Key: string) {
  const input = { Bucket: s3.name, Key, ContentLength: FILE.length, ContentType: TYPE }
  return getSignedUrl(s3.signer, new PutObjectCommand(input), {
    signingDate: new Date(now().getTime() - LONG_AGO_SECONDS * 1000),
    expiresIn: 60,
    signableHeaders: new Set(['host', 'content-length', 'content-type'])
  })
}

// An unsigned x-amz-copy-source would fill the signed key with anything our credentials can read, of
// any length and type.
async function copied(subject: Subject) {
  const source = newKey(subject, 'staging/')
  await store(subject, source, { Body: OTHER_FILE })
  const header = { 'x-amz-copy-source': `${subject.s3.name}/${source}` }
  const put = withHeaders(await putOf(subject), header)
  const answer = await upload(subject, put.request, put.bytes)
  if (answer.status >= 300) return refused(subject, answer, put.key)
  return (await stored(subject, put.key)) === OTHER_FILE
    ? fail('accepted, and copied')
    : pass('accepted, and ignored')
}

// What counts without being signed lets whoever holds a grant choose a storage class, say.
async function unsigned(subject: Subject) {
  const put = withHeaders(await putOf(subject), { 'x-amz-meta-doctor': 'unsigned' })
  const answer = await upload(subject, put.request, put.bytes)
  if (answer.status >= 300) return refused(subject, answer, put.key)
  const { s3, signal } = subject
  const head = new HeadObjectCommand({ Bucket: s3.name, Key: put.key })
  const { Metadata = {} } = await s3.sender.send(head, { abortSignal: signal })
  return 'doctor' in Metadata ? fail('accepted, and it counts') : pass('accepted, and ignored')
}

// An object in staging/ lives for a day: long enough to be spread from somebody else's bucket.
async function published(subject: Subject) {
  const put = withHeaders(await putOf(subject), { 'x-amz-acl': 'public-read' })
  const answer = await upload(subject, put.request, put.bytes)
  if (answer.status >= 300) return refused(subject, answer, put.key)
  return refused(subject, await ask(subject, await plainUrl(subject, put.key)))
}

async function replay(subject: Subject) {
  const { request, bytes } = await putOf(subject, {}, 'if-none-match')
  const { status, said } = await upload(subject, request, bytes)
  if (status >= 300) return fail(`the first one is refused (${said})`)
  const again = await upload(subject, request, bytes)
  if (again.status === 412) return pass(`refused (${again.said})`)
  return fail(`the second one gets ${again.said}`)
}

async function checksum(subject: Subject) {
  const sha256 = createHash('sha256').update(FILE).digest('hex')
  const right = await putOf(subject, { sha256 }, 'sha256')
  const { status, said } = await upload(subject, right.request, right.bytes)
  if (status >= 300) return fail(`the right one is refused (${said})`)
  const wrong = await putOf(subject, { sha256 }, 'sha256')
  return refused(subject, await upload(subject, wrong.request, OTHER_FILE), wrong.key)
}
