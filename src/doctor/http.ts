// Requests as a client of the bucket makes them: by what was signed, and by nothing more.

import { GetObjectCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

import type { GrantRequest } from '../s3/grant.ts'
import { fail, pass, type Subject } from './check.ts'

export const FILE = Buffer.from('Sixty-four bytes by which the doctor looks at a bucket: harmless')
export const OTHER_FILE = Buffer.from(FILE.toReversed())
export const TYPE = 'image/png' // of a check's objects: what they are does not matter to a store
export const OTHER_TYPE = 'image/gif'

export interface Answer {
  status: number
  /** Of an S3 error, as in `403 AccessDenied`. */
  said: string
  headers: Headers
  body: Buffer
}

export async function ask({ signal }: Subject, url: string, options: RequestInit = {}) {
  // Followed, a redirect would take what is signed, and our trust, to whoever it names.
  const reply = await fetch(url, { ...options, signal, redirect: 'manual' })
  const body = await readSome(reply)
  const [, code = ''] = /<Code>(\w+)<\/Code>/.exec(body.toString('latin1')) ?? []
  const said = `${reply.status} ${code}`.trim()
  return { status: reply.status, said, headers: reply.headers, body } satisfies Answer
}

const MOST_BYTES = 1024 * 1024 // no answer to the doctor is longer

async function readSome({ body }: Response) {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MOST_BYTES) throw new Error('an answer without end')
  }
  return Buffer.concat(chunks)
}

/** Sends bytes by a grant's request: a form with the file last, or the bytes alone. */
export function upload(
  subject: Subject,
  { method, url, headers, fields }: GrantRequest,
  bytes: Buffer
) {
  const file = new Blob([new Uint8Array(bytes)])
  if (method === 'PUT') return ask(subject, url, { method, headers, body: file })
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', file)
  return ask(subject, url, { method, headers, body: form })
}

/** What must not be let in was not: by a clear refusal, and nothing is there. */
export async function refused(subject: Subject, answer: Answer, key?: string) {
  const { status, said } = answer
  assertVerdict(answer)
  if (status < 400) return fail(`accepted (${said})`)
  if (key && (await isStored(subject, key))) return fail(`answered ${said}, but stored it`)
  return pass(`refused (${said})`)
}

/** What may be let in was, and is there as it was sent. */
export async function accepted(subject: Subject, answer: Answer, key: string) {
  const { status, said } = answer
  if (status >= 500) assertVerdict(answer)
  if (status >= 300) return fail(`refused (${said})`)
  const { headers, body } = await read(subject, key)
  const type = headers.get('content-type')
  if (body.equals(FILE) && type === TYPE) return pass(`accepted (${said})`)
  return fail(`accepted (${said}), and stored as ${body.length} bytes of ${type}`)
}

/** A store in trouble, or one that sends us elsewhere, says nothing of what it would let in. */
export function assertVerdict({ status, said }: Answer) {
  const isTrouble = status >= 500 && status !== 501
  if (isTrouble || (status >= 300 && status < 400)) {
    throw new Error(`answered ${said}, which says nothing`)
  }
}

async function isStored(subject: Subject, key: string) {
  const found = await read(subject, key)
  assertVerdict(found)
  return found.status === 200
}

/** Which of the doctor's files is stored there. */
export async function stored(subject: Subject, key: string) {
  const { body, said } = await read(subject, key)
  const found = [FILE, OTHER_FILE].find((file) => body.equals(file))
  if (!found) throw new Error(`cannot be read back (${said})`)
  return found
}

async function read(subject: Subject, Key: string) {
  const { s3 } = subject
  return ask(subject, await getSignedUrl(s3.sender, new GetObjectCommand({ Bucket: s3.name, Key })))
}

/** Whether there is such a bucket, as the service sees it or as its clients do. */
export async function headBucket(subject: Subject, by: 'sender' | 'signer') {
  const { s3 } = subject
  const url = await getSignedUrl(s3[by], new HeadBucketCommand({ Bucket: s3.name }))
  return ask(subject, url, { method: 'HEAD' })
}

/** Where an object or the bucket is, without any signature. */
export async function plainUrl({ s3 }: Subject, key?: string) {
  const Bucket = s3.name
  const url = key
    ? await getSignedUrl(s3.signer, new GetObjectCommand({ Bucket, Key: key }))
    : await getSignedUrl(s3.signer, new HeadBucketCommand({ Bucket }))
  return url.split('?')[0]!
}

/** Puts an object there with our own credentials. */
export function store({ s3, signal }: Subject, Key: string, more: object = {}) {
  const input = { Bucket: s3.name, Key, Body: FILE, ContentType: TYPE, ...more }
  return s3.sender.send(new PutObjectCommand(input), { abortSignal: signal })
}
