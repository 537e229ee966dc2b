// Checks: uploads by POST, a good one and those that a policy must not let in.

import { createHash } from 'node:crypto'

import { type GrantFacts, type GrantRequest, presignPost } from '../s3/grant.ts'
import type { Store } from '../stores.ts'
import { type Check, fail, LONG_AGO_SECONDS, newKey, OPEN, type Subject } from './check.ts'
import { accepted, FILE, OTHER_FILE, OTHER_TYPE, refused, TYPE, upload } from './http.ts'

interface Form {
  request: GrantRequest
  bytes: Buffer
  /** Where it would land. */
  key: string
}
type Change = (form: Form, subject: Subject) => Form | Promise<Form>

const attacks: Record<string, Change> = {
  'a byte too many': (form) => ({ ...form, bytes: Buffer.concat([FILE, FILE.subarray(0, 1)]) }),
  'a byte too few': (form) => ({ ...form, bytes: FILE.subarray(1) }),
  'another type': (form) => set(form, { 'Content-Type': OTHER_TYPE }),
  'another key': (form, subject) => {
    const key = newKey(subject, 'staging/')
    return { ...set(form, { key }), key }
  },
  'another value of a field': async (form, subject) =>
    set(await withField(form, subject), { 'x-amz-meta-doctor': 'not what was signed' }),
  'a field too many': (form) => set(form, { 'x-amz-meta-doctor': 'never signed' }),
  'an expired policy': (_, subject) => formOf(subject, { seconds: -LONG_AGO_SECONDS }),
  'a changed policy': (form) => set(form, { Policy: prolonged(form) }),
  'a wrong signature': (form) => set(form, { 'X-Amz-Signature': '0'.repeat(64) }),
  'no signature': (form) => {
    const { 'X-Amz-Signature': _, ...fields } = form.request.fields
    return { ...form, request: { ...form.request, fields } }
  }
}

const VITAL = ['a changed policy', 'a wrong signature', 'no signature']

export const forms: Check[] = [
  { name: 'POST', needs: ['public address'], ability: 'post', run: good },
  ...Object.entries(attacks).map(
    ([name, change]): Check => ({
      name: `POST ${name}`,
      needs: ['POST'],
      ability: 'post',
      vital: VITAL.includes(name) ? OPEN : undefined,
      run: async (subject) => {
        const { request, bytes, key } = await change(await formOf(subject), subject)
        return refused(subject, await upload(subject, request, bytes), key)
      }
    })
  ),
  { name: 'POST other bytes than its SHA-256', needs: ['POST'], ability: 'sha256', run: checksum }
]

async function good(subject: Subject) {
  const { request, bytes, key } = await formOf(subject)
  return accepted(subject, await upload(subject, request, bytes), key)
}

async function formOf(
  subject: Subject,
  more: Partial<GrantFacts> = {},
  can: Store['can'] = new Set()
) {
  const key = newKey(subject, 'staging/')
  const facts = { key, contentType: TYPE, sizeBytes: FILE.length, sha256: null, seconds: 300 }
  const s3 = { ...subject.s3, store: { ...subject.s3.store, can } }
  const { request } = await presignPost(s3, { ...facts, ...more })
  return { request, bytes: FILE, key } satisfies Form
}

const set = (form: Form, fields: Record<string, string>): Form => ({
  ...form,
  request: { ...form.request, fields: { ...form.request.fields, ...fields } }
})

async function withField(form: Form, { s3 }: Subject): Promise<Form> {
  const fields = { 'Content-Type': TYPE, 'x-amz-meta-doctor': 'signed' }
  const facts = { key: form.key, sizeBytes: FILE.length, seconds: 300, fields }
  const { url, fields: signed } = await s3.signForms(s3, facts)
  return { ...form, request: { ...form.request, url, fields: signed } }
}

function prolonged({ request: { fields } }: Form) {
  const policy = JSON.parse(Buffer.from(fields.Policy!, 'base64').toString())
  const expiration = '2999-12-31T23:59:59Z'
  return Buffer.from(JSON.stringify({ ...policy, expiration })).toString('base64')
}

async function checksum(subject: Subject) {
  const sha256 = createHash('sha256').update(FILE).digest('hex')
  const signed = () => formOf(subject, { sha256 }, new Set(['sha256']))
  const right = await signed()
  const { status, said } = await upload(subject, right.request, right.bytes)
  if (status >= 300) return fail(`the right one is refused (${said})`)
  const wrong = await signed()
  return refused(subject, await upload(subject, wrong.request, OTHER_FILE), wrong.key)
}
