// Checks: copying to a key that nobody else can write.

import { CopyObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'

import { readRange } from '../s3/read.ts'
import { type Check, fail, newKey, pass, type Subject } from './check.ts'
import { isRefusal, sentence, statusOf } from './errors.ts'
import { FILE, store, TYPE } from './http.ts'

const ALLOWED =
  'every confirm copies: allow s3:GetObject on staging/* and s3:PutObject on avatars/*'
const METADATA =
  'what an uploader said of the bytes would be served with them: do not use this store'

export const copies: Check[] = [
  { name: 'copy', needs: ['put staging/', 'get avatars/'], vital: ALLOWED, run: plain },
  { name: 'copy with other metadata', needs: ['copy'], vital: METADATA, run: metadata },
  { name: 'copy of a stale ETag', needs: ['copy'], ability: 'copy-if-match', run: stale }
]

async function copy(subject: Subject, from: string, more: object = {}) {
  const { s3, signal } = subject
  const to = newKey(subject, 'avatars/')
  const input = { Bucket: s3.name, Key: to, CopySource: `${s3.name}/${from}` }
  const replaced = { MetadataDirective: 'REPLACE' as const, ContentType: TYPE }
  const command = new CopyObjectCommand({ ...input, ...replaced, ...more })
  const { CopyObjectResult } = await s3.sender.send(command, { abortSignal: signal })
  return { to, etag: CopyObjectResult?.ETag }
}

async function plain(subject: Subject) {
  const from = newKey(subject, 'staging/')
  await store(subject, from)
  const { to, etag } = await copy(subject, from)
  if (!etag) return fail('its answer has no ETag')
  const read = await readRange(subject.s3, to, 0, FILE.length)
  return read?.bytes.equals(FILE) ? pass('whole') : fail('other bytes arrived')
}

async function metadata(subject: Subject) {
  const { s3, signal } = subject
  const from = newKey(subject, 'staging/')
  const theirs = { ContentType: 'text/html', ContentEncoding: 'gzip', Metadata: { doctor: 'x' } }
  await store(subject, from, theirs)
  const { to } = await copy(subject, from)
  const head = new HeadObjectCommand({ Bucket: s3.name, Key: to })
  const found = await s3.sender.send(head, { abortSignal: signal })
  const { ContentType, ContentEncoding, Metadata = {} } = found
  const left = ContentType !== TYPE || ContentEncoding || 'doctor' in Metadata
  return left ? fail('keeps what the source had') : pass('keeps nothing of the source')
}

async function stale(subject: Subject) {
  const from = newKey(subject, 'staging/')
  const { ETag } = await store(subject, from)
  const right = await copy(subject, from, { CopySourceIfMatch: ETag }).catch(asRefusal)
  if (right instanceof Error) return fail(`refuses the right one too (${sentence(right)})`)
  const other = '"00000000000000000000000000000000"'
  const wrong = await copy(subject, from, { CopySourceIfMatch: other }).catch(asRefusal)
  if (!(wrong instanceof Error)) return fail('copied')
  return statusOf(wrong) === 412 ? pass('refused (412)') : fail(sentence(wrong))
}

const asRefusal = (err: unknown) => (isRefusal(err) ? err : Promise.reject(err))
