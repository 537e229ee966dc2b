// What attacks on a PUT are made of: a grant as Directo signs it, and changes to the request.

import { createHash } from 'node:crypto'

import type { GrantFacts } from '../../src/s3/grant.ts'
import { type Attack, FILE, type Target } from './attacks-target.ts'
import { type Bytes, sendBytes } from './attacks-wire.ts'

export * from './attacks-target.ts'

export type Change = (put: Bytes, target: Target, key: string) => void | Promise<void>
type Facts = Partial<GrantFacts>

/** The request of a grant as a client sends it. */
export async function putOf({ directo }: Target, key: string, facts: Facts = {}): Promise<Bytes> {
  const declared = { contentType: 'image/png', sizeBytes: FILE.length, sha256: null, seconds: 300 }
  const { request } = await directo.presignPut({ key, ...declared, ...facts })
  const { pathname, search } = new URL(request.url)
  const { method, headers } = request
  return { method, path: `${pathname}${search}`, headers, body: FILE, cutBytes: 0 }
}

export const sendPut = async (target: Target, key: string, facts?: Facts) =>
  sendBytes(target.endpoint, await putOf(target, key, facts))

export function attack(
  threat: string,
  name: string,
  expect: Attack['expect'],
  change: Change,
  grant: Facts = {}
): Attack {
  return {
    threat,
    name,
    expect,
    storable: true,
    send: async (target, key) => {
      const put = await putOf(target, key, grant)
      await change(put, target, key)
      return sendBytes(target.endpoint, put)
    }
  }
}

/** An attack that is broken beyond use, or that changes nothing. */
export function unstorable(...args: Parameters<typeof attack>): Attack {
  return { ...attack(...args), storable: false }
}

/** An attack with a grant that has been used. */
export function replay(...args: Parameters<typeof attack>): Attack {
  return { ...attack(...args), prepare: sendPut }
}

/** Adds a header or changes it. */
export function header(name: string, value: string | string[]): Change {
  return ({ headers }) => {
    headers[name] = value
  }
}

export function without(name: string): Change {
  return ({ headers }) => void delete headers[name]
}

export const body =
  (body: Buffer): Change =>
  (put) =>
    void Object.assign(put, { body })

export const method =
  (method: string): Change =>
  (put) =>
    void Object.assign(put, { method })

/** Changes where the bytes go; `key` stands in the path as it is. */
export function place(edit: (path: string, key: string, target: Target) => string): Change {
  return (put, target, key) => {
    const [path = '', search] = put.path.split('?')
    put.path = `${edit(path, key, target)}?${search}`
  }
}

export function query(edit: (query: URLSearchParams) => void): Change {
  return (put) => {
    const [path, search] = put.path.split('?')
    const parameters = new URLSearchParams(search)
    edit(parameters)
    put.path = `${path}?${parameters}`
  }
}

/** Changes a parameter; the text may depend on what it was. */
export const parameter = (name: string, value: string | ((was: string) => string)) =>
  query((query) => query.set(name, typeof value === 'string' ? value : value(query.get(name)!)))

export const noParameter = (name: string) => query((query) => query.delete(name))

export function both(...changes: Change[]): Change {
  return async (...args) => {
    for (const change of changes) await change(...args)
  }
}

export const overwritten = { status: 412, code: 'PreconditionFailed' }
export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes)
export const withSha256 = { sha256: sha256(FILE).digest('hex') }
