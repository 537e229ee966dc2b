// What attacks are made of: a grant as Directo signs it, and changes to the form that uses it.

import { createHash } from 'node:crypto'

import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post'

import { type Form, formOf, type Part, sendForm } from './attacks-form.ts'
import { type Attack, FILE, type Target } from './attacks-target.ts'

export * from './attacks-target.ts'

export const FILENAME = `\${filename}`
export const IN_STAGING = `staging/\${filename}`

/** As Directo signs it: exact key, exact type, exact size. */
export async function signGrant(
  { client, bucket }: Target,
  key: string,
  options: Partial<PresignedPostOptions> = {}
) {
  return createPresignedPost(client, {
    Bucket: bucket,
    Key: key,
    Conditions: [['content-length-range', FILE.length, FILE.length]],
    Fields: { 'Content-Type': 'image/png' },
    Expires: 300,
    ...options
  })
}

type Change = (form: Form, target: Target, key: string) => void | Promise<void>

export function attack(
  threat: string,
  name: string,
  expect: Attack['expect'],
  change: Change,
  grant: Partial<PresignedPostOptions> | ((key: string) => Partial<PresignedPostOptions>) = {}
): Attack {
  return {
    threat,
    name,
    expect,
    storable: true,
    send: async (target, key) => {
      const options = typeof grant === 'function' ? grant(key) : grant
      const { url, fields } = await signGrant(target, key, options)
      const form = formOf(url, fields, FILE)
      await change(form, target, key)
      return sendForm(form)
    }
  }
}

/** An attack that is broken beyond use. */
export function unstorable(...args: Parameters<typeof attack>): Attack {
  return { ...attack(...args), storable: false }
}

export const is = (name: string) => (part: Part) => part.name.toLowerCase() === name.toLowerCase()

/** Changes a field; the text may depend on what it was. */
export function set(name: string, value: string | ((was: string) => string)): Change {
  return ({ parts }) => {
    const part = parts.find(is(name))!
    part.value = typeof value === 'string' ? value : value(`${part.value}`)
  }
}

export function rename(name: string, to: string): Change {
  return ({ parts }) => {
    parts.find(is(name))!.name = to
  }
}

export function remove(name: string): Change {
  return ({ parts }) => void parts.splice(parts.findIndex(is(name)), 1)
}

/** Adds a field before the file, in front of all others if so wished. */
export function add(
  name: string,
  value: string,
  where: 'first' | 'last' | 'after file' = 'last'
): Change {
  return ({ parts }) => {
    const at = { first: 0, last: parts.findIndex(is('file')), 'after file': parts.length }[where]
    parts.splice(at, 0, { name, value })
  }
}

export function file(change: Partial<Part>): Change {
  return ({ parts }) => void Object.assign(parts.find(is('file'))!, change)
}

export function form(change: Partial<Form>): Change {
  return (form) => void Object.assign(form, change)
}

export function both(...changes: Change[]): Change {
  return async (...args) => {
    for (const change of changes) await change(...args)
  }
}

export function rewritePolicy(
  edit: (document: { expiration: string; conditions: unknown[] }) => void
) {
  return set('Policy', (was) => {
    const document = JSON.parse(Buffer.from(was, 'base64').toString())
    edit(document)
    return Buffer.from(JSON.stringify(document)).toString('base64')
  })
}

export const invalid = { status: 400, code: 'InvalidArgument' }
export const malformed = { status: 400, code: 'MalformedPOSTRequest' }
export const tooLarge = { status: 400, code: 'EntityTooLarge' }
export const tooSmall = { status: 400, code: 'EntityTooSmall' }
const sha256 = createHash('sha256').update(FILE).digest('base64')
export const withSha256 = {
  Fields: { 'Content-Type': 'image/png', 'x-amz-checksum-sha256': sha256 }
}
export const anyImage = {
  Fields: {},
  Conditions: [['starts-with', '$Content-Type', 'image/'] as ['starts-with', string, string]]
}
export const below = (key: string) => ({ Key: `${key}/\${filename}` })
