// Checks: reading with our credentials, by a signed URL, and without either.

import { GetObjectCommand } from '@aws-sdk/client-s3'

import { presignGet } from '../s3/signed-url.ts'
import { type Check, CLOSED, fail, LONG_AGO_SECONDS, newKey, pass, type Subject } from './check.ts'
import { isRefusal, sentence, statusOf } from './errors.ts'
import { ask, FILE, OTHER_TYPE, plainUrl, refused, store } from './http.ts'

const RANGES = 'large pictures cannot be verified: look for a proxy that drops Range, or leave it'
const CONDITIONS = 'look for a proxy that drops If-Match: the store ignores it'
const OVERRIDES = 'a picture may be served as something else: do not use this store'
const EXPIRY = 'a URL once given works for ever: do not use this store'

const signedUrls = ['get avatars/', 'public address']

export const reads: Check[] = [
  { name: 'GET a range', needs: ['get avatars/'], vital: RANGES, run: range },
  { name: 'GET of a stale ETag', needs: ['get avatars/'], vital: CONDITIONS, run: stale },
  { name: 'GET with other headers', needs: signedUrls, vital: OVERRIDES, run: overrides },
  { name: 'GET an expired URL', needs: signedUrls, vital: EXPIRY, run: expired },
  { name: 'GET a wrong signature', needs: signedUrls, vital: CLOSED, run: forged },
  { name: 'GET no signature', needs: signedUrls, vital: CLOSED, run: anonymous },
  { name: 'LIST no signature', needs: ['public address'], vital: CLOSED, run: anonymousList }
]

async function stored(subject: Subject) {
  const key = newKey(subject, 'avatars/')
  await store(subject, key)
  return key
}

async function range(subject: Subject) {
  const { s3, signal } = subject
  const Key = await stored(subject)
  const command = new GetObjectCommand({ Bucket: s3.name, Key, Range: 'bytes=10-19' })
  const { Body, ContentRange, $metadata } = await s3.sender.send(command, { abortSignal: signal })
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? [])
  const exact = bytes.equals(FILE.subarray(10, 20)) && ContentRange === `bytes 10-19/${FILE.length}`
  const detail = `${$metadata.httpStatusCode}, ${bytes.length} of 10 bytes`
  return exact && $metadata.httpStatusCode === 206 ? pass(detail) : fail(detail)
}

async function stale(subject: Subject) {
  const { s3, signal } = subject
  const input = { Bucket: s3.name, Key: await stored(subject) }
  const IfMatch = '"00000000000000000000000000000000"'
  try {
    await s3.sender.send(new GetObjectCommand({ ...input, IfMatch }), { abortSignal: signal })
    return fail('answered')
  } catch (err) {
    if (!isRefusal(err)) throw err
    return statusOf(err) === 412 ? pass('refused (412)') : fail(sentence(err))
  }
}

async function signedUrl(subject: Subject, now = subject.now()) {
  const key = await stored(subject)
  const { url } = await presignGet(subject.s3, { key, contentType: OTHER_TYPE, seconds: 60, now })
  return url
}

async function overrides(subject: Subject) {
  const { said, headers, body } = await ask(subject, await signedUrl(subject))
  if (!body.equals(FILE)) return fail(`a good one gives other bytes (${said})`)
  const type = headers.get('content-type')
  const disposition = headers.get('content-disposition')
  const kept = type === OTHER_TYPE && disposition === 'inline; filename="avatar"'
  return kept ? pass('as signed') : fail(`${type}, ${disposition}`)
}

async function expired(subject: Subject) {
  const then = new Date(subject.now().getTime() - LONG_AGO_SECONDS * 1000)
  return refused(subject, await ask(subject, await signedUrl(subject, then)))
}

async function forged(subject: Subject) {
  const url = await signedUrl(subject)
  const changed = url.replace(/(?<=X-Amz-Signature=)\w+/, '0'.repeat(64))
  return refused(subject, await ask(subject, changed))
}

async function anonymous(subject: Subject) {
  return refused(subject, await ask(subject, await plainUrl(subject, await stored(subject))))
}

async function anonymousList(subject: Subject) {
  const url = await plainUrl(subject)
  return refused(subject, await ask(subject, `${url}?list-type=2&prefix=staging/&max-keys=1`))
}
