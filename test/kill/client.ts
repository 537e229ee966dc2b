// What a client does: ask any instance, and ask again as long as the outcome is unknown.

import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import { note, type Outcome, type Person, violate, type World } from './world.ts'

export interface Operation {
  /** Its name in the report. */
  name: string
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  payload?: object
  token?: string
  /** Refusals after which the client is told to try again. */
  again?: string[]
}

export interface Answer {
  outcome: Outcome
  status: number
  code: string
  // biome-ignore lint/suspicious/noExplicitAny: JSON of every call; what each test reads of it fails there
  body: any
  /** How many attempts came to an unknown end before. */
  unknown: number
}

const TIMEOUT_MS = 30_000
const S3_TIMEOUT_MS = 10_000
const GIVE_UP_MS = 120_000
const PAUSE_MS = [20, 400] as const

/** Repeats an operation until it is acknowledged or refused. */
export async function settle(world: World, person: Person, operation: Operation): Promise<Answer> {
  const begun = Date.now()
  for (let unknown = 0; ; ) {
    const answer = { ...(await attempt(world, person, operation)), unknown }
    const isOver = answer.outcome !== 'unknown' && !operation.again?.includes(answer.code)
    if (isOver) return answer
    if (answer.outcome === 'unknown') unknown++
    if (Date.now() - begun > GIVE_UP_MS) {
      violate(world, `${operation.name} ${operation.path} never came to an end`, person)
      return answer
    }
    await sleep(world.random.between(...PAUSE_MS))
  }
}

async function attempt(world: World, person: Person, operation: Operation) {
  const { name, method, path, payload, token = person.token } = operation
  const place = await world.fleet.any()
  const call = `${name} ${path}`
  place.inFlight.add(call)
  const answer = await count(world, person, `${call} at ${place.name}`, name, () =>
    fetch(`${place.service.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        connection: 'close',
        ...(payload ? { 'content-type': 'application/json' } : {})
      },
      body: payload && JSON.stringify(payload),
      signal: AbortSignal.timeout(TIMEOUT_MS)
    })
  )
  place.inFlight.delete(call)
  const { status, code, headers } = answer
  if (status === 500) violate(world, `${call} was answered 500`, person)
  if (status === 503 && !headers?.has('retry-after')) {
    violate(world, `${call} was answered 503 ${code} without a time to wait`, person)
  }
  return answer
}

/** Performs a request to S3, until S3 has answered. */
export async function settleAtS3(world: World, person: Person, name: string, send: Send) {
  for (let unknown = 0; ; unknown++) {
    const answer = await count(world, person, name, name, () =>
      send(AbortSignal.timeout(S3_TIMEOUT_MS))
    )
    if (answer.outcome !== 'unknown') return { ...answer, unknown }
    await sleep(world.random.between(...PAUSE_MS))
  }
}

type Send = (signal: AbortSignal) => Promise<Response>
type Ask = () => Promise<Response>

async function count(world: World, person: Person, line: string, name: string, send: Ask) {
  const begun = performance.now()
  const answer = await read(send)
  const ms = performance.now() - begun
  const { outcome, status, code } = answer
  note(person, `${line}: ${outcome} ${status || ''} ${code} (${Math.round(ms)} ms)`)
  const counts = world.outcomes.get(name) ?? new Map<Outcome, number>()
  world.outcomes.set(name, counts.set(outcome, (counts.get(outcome) ?? 0) + 1))
  if (outcome === 'acknowledged') {
    const durations = world.durations.get(name) ?? []
    world.durations.set(name, durations)
    durations.push(ms)
  }
  return answer
}

async function read(send: Ask) {
  try {
    const { status, headers, ...response } = await answered(send)
    const isJson = headers.get('content-type')?.includes('json')
    const body = isJson ? JSON.parse(response.body.toString()) : response.body
    const code = isJson ? (body.code ?? '') : (/<Code>(.*?)<\/Code>/.exec(`${body}`)?.[1] ?? '')
    const outcome: Outcome = status < 400 ? 'acknowledged' : status < 500 ? 'refused' : 'unknown'
    return { outcome, status, code: `${code}`, body, headers }
  } catch (err) {
    const { name, cause } = err as Error & { cause?: { code?: string } }
    return { outcome: 'unknown' as const, status: 0, code: cause?.code ?? name, body: null }
  }
}

async function answered(send: Ask) {
  const response = await send()
  const body = Buffer.from(await response.arrayBuffer())
  return { status: response.status, headers: response.headers, body }
}

/** Gets a signed URL from the sandbox itself, past the link whose address was signed. */
export function getPast(url: string, port: number): Promise<{ status: number; body: Buffer }> {
  const { host, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    const path = `${pathname}${search}`
    const asked = request({ port, host: '127.0.0.1', path, headers: { host }, agent: false })
    asked.on('error', reject)
    asked.on('response', async (response) => {
      const body = Buffer.concat(await response.toArray())
      resolve({ status: response.statusCode!, body })
    })
    asked.end()
  })
}
