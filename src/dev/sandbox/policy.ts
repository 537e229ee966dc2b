// POST policies: the signed document, and whether a form keeps to every condition of it.

import { S3Error } from './errors.ts'
import type { Lie } from './lies.ts'

export interface FieldCondition {
  kind: 'eq' | 'starts-with'
  field: string
  value: string
}

export type Condition = FieldCondition | { kind: 'content-length-range'; min: number; max: number }

export interface Policy {
  expiresAt: Date
  conditions: Condition[]
}

/** How many bytes the file may have. */
export interface SizeLimits {
  min: number
  max: number
}

/** @throws {S3Error} InvalidPolicyDocument */
export function readPolicy(encoded: string): Policy {
  const document = parse(Buffer.from(encoded, 'base64').toString())
  const { expiration, conditions } = document
  if (typeof expiration !== 'string') throw invalid('Policy expiration was not specified.')
  const expiresAt = new Date(expiration)
  const isIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(expiration)
  if (!isIso || Number.isNaN(expiresAt.getTime())) {
    throw invalid(`Invalid 'expiration' value: '${expiration}'`)
  }
  if (!Array.isArray(conditions)) throw invalid('Policy conditions were not specified.')
  return { expiresAt, conditions: conditions.map(readCondition) }
}

function parse(text: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text)
    if (document && typeof document === 'object') return document as Record<string, unknown>
  } catch {}
  throw invalid('Invalid JSON.')
}

function readCondition(condition: unknown): Condition {
  if (Array.isArray(condition)) return readTriple(condition)
  const entries = Object.entries(condition && typeof condition === 'object' ? condition : {})
  if (entries.length !== 1) {
    throw invalid('Invalid Simple-Condition: must have exactly one property specified.')
  }
  const [field, value] = entries[0]!
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.')
  return { kind: 'eq', field: field.toLowerCase(), value }
}

function readTriple([kind, first, second, ...rest]: unknown[]): Condition {
  if (rest.length > 0) throw invalid(`Invalid ${kind}: wrong number of arguments.`)
  if (kind === 'content-length-range') {
    const [min, max] = [Number(first), Number(second)]
    const numeric = [first, second].every((one) => /^\d{1,15}$/.test(String(one)))
    if (!numeric) throw invalid('Invalid content-length-range: must be two numbers.')
    return { kind, min, max }
  }
  if (kind !== 'eq' && kind !== 'starts-with') throw invalid(`Unknown Condition: ${kind}`)
  if (typeof first !== 'string' || !first.startsWith('$')) {
    throw invalid(`Invalid ${kind}: the field must begin with '$'.`)
  }
  if (typeof second !== 'string') throw invalid(`Invalid ${kind}: value must be a string.`)
  return { kind, field: first.slice(1).toLowerCase(), value: second }
}

function invalid(reason: string): S3Error {
  return new S3Error('InvalidPolicyDocument', `Invalid Policy: ${reason}`)
}

/**
 * Checks the form's fields (names in lower case), `bucket` being the one it was sent to.
 * @throws {S3Error} AccessDenied
 */
export function judgePolicy(
  { expiresAt, conditions }: Policy,
  fields: ReadonlyMap<string, string>,
  bucket: string,
  now: Date,
  lies: ReadonlySet<Lie>
): SizeLimits {
  if (now > expiresAt && !lies.has('policy-expiry')) throw refused('Policy expired.')
  const values = new Map(fields).set('bucket', bucket)
  if (fields.has('bucket') && fields.get('bucket') !== bucket && !lies.has('policy-other')) {
    throw refused('Policy Condition failed: the form was sent to another bucket')
  }
  const limits = { min: 0, max: Number.POSITIVE_INFINITY }
  for (const condition of conditions) {
    if (lies.has(lieAbout(condition))) continue
    if (condition.kind === 'content-length-range') {
      limits.min = Math.max(limits.min, condition.min)
      limits.max = Math.min(limits.max, condition.max)
    } else if (!holds(condition, values.get(condition.field))) {
      const { kind, field, value } = condition
      throw refused(`Policy Condition failed: ["${kind}", "$${field}", "${value}"]`)
    }
  }
  if (!lies.has('policy-coverage')) checkCoverage(conditions, fields)
  return limits
}

function lieAbout(condition: Condition): Lie {
  if (condition.kind === 'content-length-range') return 'policy-length'
  if (condition.field === 'key') return 'policy-key'
  return condition.field === 'content-type' ? 'policy-content-type' : 'policy-other'
}

function holds(condition: FieldCondition, given: string | undefined): boolean {
  const { kind, field, value } = condition
  if (given === undefined) return false
  if (kind === 'eq') return given === value
  const items = field === 'content-type' ? given.split(',').map((item) => item.trim()) : [given]
  return items.every((item) => item.startsWith(value))
}

// Every field has to be named by a condition, or the signer never agreed to it.
function checkCoverage(conditions: Condition[], fields: ReadonlyMap<string, string>) {
  const named = conditions.map((condition) => ('field' in condition ? condition.field : ''))
  const covered = new Set([...named, 'x-amz-signature', 'policy', 'file'])
  const extra = [...fields.keys()].filter(
    (name) => !covered.has(name) && !name.startsWith('x-ignore-')
  )
  if (extra.length > 0) throw refused(`Extra input fields: ${extra.join(', ')}`)
}

function refused(reason: string): S3Error {
  return new S3Error('AccessDenied', `Invalid according to Policy: ${reason}`)
}
