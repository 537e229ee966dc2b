// Cross-origin requests: preflights, and the headers on every other answer, by the bucket's rules.

import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import type { Deps } from './deps.ts'
import { S3Error } from './errors.ts'
import { children, childText, readXml, type XmlNode } from './xml.ts'

interface CorsRule {
  origins: string[]
  methods: string[]
  headers: string[]
  exposed: string[]
  maxAgeSeconds: string | undefined
}

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD']
const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'

/** @throws {S3Error} MalformedXML, InvalidRequest */
export function readCorsRules(xml: string): CorsRule[] {
  const document = readXml(xml)
  const nodes = document?.name === 'CORSConfiguration' ? children(document, 'CORSRule') : []
  if (nodes.length === 0 || nodes.length > 100) throw new S3Error('MalformedXML')
  return nodes.map(readRule)
}

function readRule(node: XmlNode): CorsRule {
  const texts = (name: string) => children(node, name).map(({ text }) => text.trim())
  const rule = {
    origins: texts('AllowedOrigin'),
    methods: texts('AllowedMethod'),
    headers: texts('AllowedHeader'),
    exposed: texts('ExposeHeader'),
    maxAgeSeconds: childText(node, 'MaxAgeSeconds')?.trim()
  }
  if (rule.origins.length === 0 || rule.methods.length === 0) throw new S3Error('MalformedXML')
  const method = rule.methods.find((method) => !METHODS.includes(method))
  if (method) {
    const message = `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`
    throw new S3Error('InvalidRequest', message)
  }
  const origin = [...rule.origins, ...rule.headers].find((one) => one.split('*').length > 2)
  if (!origin) return rule
  throw new S3Error('InvalidRequest', `"${origin}" can not have more than one wildcard.`)
}

/** Answers OPTIONS, which needs no signature. @throws {S3Error} AccessForbidden, InvalidRequest */
export function preflight(deps: Deps, call: Call): Answer {
  const origin = call.headers.origin
  const method = call.headers['access-control-request-method']
  if (!origin || !method) {
    throw new S3Error('InvalidRequest', 'Insufficient information. Origin request header needed.')
  }
  const requested = (call.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean)
  const rules = rulesFor(deps, call)
  if (!rules) {
    throw new S3Error('AccessForbidden', 'CORSResponse: CORS is not enabled for this bucket.')
  }
  const rule = rules.find((rule) => allows(rule, origin, method) && allowsAll(rule, requested))
  if (!rule) throw new S3Error('AccessForbidden')
  const headers: Record<string, string> = headersBy(rule, origin)
  if (requested.length > 0) headers['access-control-allow-headers'] = requested.join(', ')
  return { status: 200, headers }
}

/** The headers an answer to that call carries; none when no rule allows its origin. */
export function corsHeaders(deps: Deps, call: Call): Record<string, string> {
  const { origin } = call.headers
  if (!origin || call.verb === 'Preflight') return {}
  const rule = rulesFor(deps, call)?.find((rule) => allows(rule, origin, call.method))
  return rule ? headersBy(rule, origin) : {}
}

function rulesFor({ store }: Deps, { bucket }: Call): CorsRule[] | null {
  const xml = store.buckets.get(bucket)?.settings.cors
  return xml === undefined ? null : readCorsRules(xml)
}

function allows(rule: CorsRule, origin: string, method: string): boolean {
  return rule.methods.includes(method) && rule.origins.some((one) => matches(one, origin))
}

function allowsAll(rule: CorsRule, requested: string[]): boolean {
  return requested.every((name) => rule.headers.some((one) => matches(one.toLowerCase(), name)))
}

function matches(pattern: string, text: string): boolean {
  const [start, end] = pattern.split('*')
  if (end === undefined) return pattern === text
  return text.length >= pattern.length - 1 && text.startsWith(start!) && text.endsWith(end)
}

function headersBy(rule: CorsRule, origin: string): Record<string, string> {
  const anyOrigin = rule.origins.includes('*')
  const { exposed, maxAgeSeconds } = rule
  return {
    'access-control-allow-origin': anyOrigin ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(anyOrigin ? {} : { 'access-control-allow-credentials': 'true' }),
    ...(exposed.length > 0 ? { 'access-control-expose-headers': exposed.join(', ') } : {}),
    ...(maxAgeSeconds ? { 'access-control-max-age': maxAgeSeconds } : {}),
    vary: VARY
  }
}
