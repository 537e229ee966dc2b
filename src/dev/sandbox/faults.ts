// The ready-made rules of misbehaviour.

import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { type Answer, xmlAnswer } from './answer.ts'
import { describeError } from './errors.ts'
import type { Outcome, Performed, Rule } from './misbehave.ts'

export interface Failure {
  code: string
  status?: number
  message?: string
}

export function delay(milliseconds: number): Rule {
  return { before: () => sleep(milliseconds, undefined, { ref: false }) }
}

export function fail({ performed, ...failure }: Failure & Performed): Rule {
  const answer = () => failureAnswer(failure)
  return performed ? { rewrite: dropping(answer) } : { instead: answer }
}

function failureAnswer({ code, status, message }: Failure): Answer {
  const known = describeError(code)
  const fields = { Code: code, Message: message ?? known.message }
  return xmlAnswer('Error', fields, status ?? known.status)
}

export function lose(how: 'hang' | 'reset', performed = false): Rule {
  return performed ? { rewrite: dropping(() => how) } : { instead: () => how }
}

// A body that is not sent must not keep its file open.
function dropping(outcome: () => Outcome): NonNullable<Rule['rewrite']> {
  return ({ body }) => {
    if (typeof body === 'object') body.destroy()
    return outcome()
  }
}

export function reset({ performed, afterBytes }: Performed & { afterBytes?: number }): Rule {
  if (afterBytes === undefined) return lose('reset', performed)
  return { rewrite: (answer) => ({ ...answer, body: Readable.from(cut(answer, afterBytes)) }) }
}

async function* cut({ body = '' }: Answer, afterBytes: number) {
  let left = afterBytes
  for await (const piece of Readable.from(body)) {
    const bytes = Buffer.from(piece).subarray(0, left)
    left -= bytes.length
    if (bytes.length > 0) yield bytes
    if (left === 0) throw new Error('cut short on purpose')
  }
}

export function errorIn200(code: string): Rule {
  return { instead: () => ({ ...failureAnswer({ code }), status: 200 }) }
}

export const emptyBody: Rule = { rewrite: dropping(() => ({ status: 200, body: '' })) }

export const withoutEtag: Rule = {
  rewrite: ({ status, headers = {}, body }) => {
    const { etag: _, ...others } = headers
    const isText = typeof body === 'string'
    return { status, headers: others, body: isText ? body.replace(/<ETag>.*?<\/ETag>/, '') : body }
  }
}

export const endlessBody: Rule = {
  rewrite: ({ headers = {}, body = '' }) => {
    const { 'content-length': _, 'content-range': __, ...others } = headers
    return { status: 200, headers: others, body: Readable.from(withoutEnd(body)) }
  }
}

async function* withoutEnd(body: string | Readable) {
  yield* Readable.from(body)
  const zeros = Buffer.alloc(65536)
  for (;;) yield zeros
}

export function drip(bytes: number, milliseconds: number): Rule {
  return {
    rewrite: (answer) => ({ ...answer, body: Readable.from(drops(answer, bytes, milliseconds)) })
  }
}

async function* drops({ body = '' }: Answer, bytes: number, milliseconds: number) {
  for await (const piece of Readable.from(body)) {
    const whole = Buffer.from(piece)
    for (let at = 0; at < whole.length; at += bytes) {
      yield whole.subarray(at, at + bytes)
      await sleep(milliseconds, undefined, { ref: false })
    }
  }
}

export const forbidMissing: Rule = {
  rewrite: (answer, { verb }) => {
    const reads = verb === 'HeadObject' || verb === 'GetObject' || verb === 'CopyObject'
    return reads && answer.status === 404 ? failureAnswer({ code: 'AccessDenied' }) : answer
  }
}
