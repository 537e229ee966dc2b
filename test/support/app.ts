// The whole service for a test: real Postgres, the sandbox, the app, and users who call it.

import { readFileSync } from 'node:fs'

import type { FastifyPluginAsync, InjectOptions } from 'fastify'
import postgres from 'postgres'
import type { Test } from 'tap'

import { buildApp } from '../../src/app.ts'
import type { Avatar } from '../../src/avatars/read.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/client.ts'
import { environmentOf, type Server } from '../../src/dev/environment.ts'
import { startSandbox } from '../../src/dev/sandbox/server.ts'
import { meterCalls } from '../../src/metrics/calls.ts'
import { openMetrics } from '../../src/metrics/metrics.ts'
import { openBucket } from '../../src/s3/bucket.ts'
import type { GrantRequest } from '../../src/s3/grant.ts'
import { cloneDatabase } from './database.ts'
import { quietLogger } from './quiet.ts'
import { roomy } from './roomy.ts'
import { send } from './send.ts'

export const BUCKET = 'avatars-of-a-test'
export const SECRET = 'a secret of thirty-two bytes or more'

type Environment = Record<string, string>

/** Starts everything; what is started ends with the test. */
export async function startApp(t: Test, environment: Environment = {}) {
  const databaseUrl = await cloneDatabase(t)
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} })
  t.teardown(async () => {
    await sql.end()
    await sandbox.close()
  })
  const instance = (more: Environment = {}) =>
    startInstance(t, sandbox, { DATABASE_URL: databaseUrl, ...environment, ...more })
  const first = await instance()
  return { ...first, sandbox, sql, instance, databaseUrl }
}

/** One more instance of the service over the same Postgres and bucket. */
export async function startInstance(
  t: Pick<Test, 'teardown'>,
  server: Server,
  environment: Environment,
  homeOf: (config: Config) => FastifyPluginAsync | undefined = () => undefined
) {
  const config = readConfig({
    ...environmentOf(server, BUCKET),
    JWT_SECRET: SECRET,
    ...roomy,
    ...environment
  })
  const metrics = config.metrics && openMetrics()
  const watch = metrics && meterCalls(metrics, config.databasePool)
  const database = openDatabase(config, watch)
  const bucket = openBucket(config.s3, watch)
  const clock = { now: steadyClock() }
  const deps = { config, db: database.db, bucket, now: () => clock.now(), metrics }
  const secrets = [SECRET, server.credentials.secretAccessKey]
  const app = await buildApp(deps, quietLogger(t, secrets), homeOf(config))
  t.teardown(async () => {
    await app.close()
    bucket.close()
    await database.close(0) // whatever a test left hanging
  })
  const inject = async (options: InjectOptions) => {
    const reply = await app.inject(options)
    assertDeclared(options, reply)
    assertDiscreet(reply)
    return reply
  }
  // Where others make the tokens, nobody here can.
  const sign = config.identity.secret ? app.jwt.sign : () => 'not a token'
  const user = (sub: string, claims = {}) =>
    userOf(inject, sign({ sub, ...claims }, { expiresIn: '1h' }))
  const admin = user('admin', { scope: 'avatars:admin' })
  return { app, deps, clock, user, ada: user('ada'), bob: user('bob'), admin }
}

const WINDOW_MS = 1_800_000 // of a signed URL, as configured by default

// Each half-hour every URL becomes another. A test that is in the middle of comparing two keeps the window
// in which it began, which is valid for as long again.
function steadyClock() {
  const begunAt = Date.now()
  return () => {
    const now = Date.now()
    const windowAt = now - (now % WINDOW_MS)
    const hasJustBegun = begunAt < windowAt && now - begunAt < 120_000
    return new Date(hasJustBegun ? windowAt - 1 : now)
  }
}

export interface Upload {
  id: string
  state: string
  expiresAt: string
  sendBy: string
  request: GrantRequest
}
export type Confirmed = { upload: { id: string; state: string }; avatar: Avatar }
type Inject = (options: InjectOptions) => Promise<Reply>
interface Reply {
  statusCode: number
  body: string
  headers: Record<string, unknown>
}

/** An answer that is a problem, as an error: `{ status, code, reasons? }`. */
export class Refused extends Error {
  constructor(status: number, body: string) {
    super(`${status} ${body}`)
    Object.assign(this, { status }, body ? JSON.parse(body) : {})
  }
}

export type User = ReturnType<typeof userOf>

export function userOf(inject: Inject, token: string) {
  const headers = { authorization: `Bearer ${token}` }
  async function call<Answer>(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
    const reply = await inject({ method, url, headers, payload })
    if (reply.statusCode >= 400) throw new Refused(reply.statusCode, reply.body)
    return (reply.body ? JSON.parse(reply.body) : undefined) as Answer
  }
  const user = {
    token,
    call,
    createUpload: (bytes: Uint8Array, declared: object = {}) =>
      call<Upload>('POST', '/api/uploads', {
        purpose: 'avatar',
        contentType: 'image/png',
        sizeBytes: bytes.length,
        ...declared
      }),
    send: ({ request }: Upload, bytes: Uint8Array) => send(request, bytes),
    confirm: ({ id }: { id: string }) => call<Confirmed>('POST', `/api/uploads/${id}/confirm`),
    read: ({ id }: { id: string }) =>
      call<{ state: string; reasons: { code: string }[] | null }>('GET', `/api/uploads/${id}`),
    abort: ({ id }: { id: string }) => call('DELETE', `/api/uploads/${id}`),
    avatar: (of = 'me') => call<Avatar>('GET', `/api/users/${of}/avatar`),
    removeAvatar: (of = 'me') => call('DELETE', `/api/users/${of}/avatar`),
    erase: (userId: string) => call('DELETE', `/api/users/${userId}`),
    /** Creates an upload and sends its bytes, whatever S3 says of them. */
    async sent(bytes: Uint8Array, declared: object = {}) {
      const upload = await user.createUpload(bytes, declared)
      await user.send(upload, bytes)
      return upload
    },
    /** The two steps whole. */
    async upload(bytes: Uint8Array, declared: object = {}) {
      return user.confirm(await user.sent(bytes, declared))
    }
  }
  return user
}

// T63: of what went wrong behind it, an answer says neither where nor with what.
function assertDiscreet({ statusCode, body }: Reply) {
  const told = statusCode >= 500 && TELLING.exec(body)
  if (told) throw new Error(`a ${statusCode} tells of ${told[0]}: ${body}`)
}

const TELLING =
  /avatars-of-a-test|127\.0\.0\.1|localhost|staging\/|avatars\/|[0-9a-f]{16}|postgres:|\bselect |\binsert |\bat .*\.[jt]s|<Error>|S3_|DATABASE_URL/

// Whatever a test makes the service answer must stand in its own description.
function assertDeclared({ method = 'GET', url }: InjectOptions, reply: Reply) {
  const { paths, components } = openApi
  const names = Object.keys(paths)
  const path = names.find((name) =>
    new RegExp(`^${name.replace(/\{\w+\}/g, '[^/]+')}$`).test(`${url}`.replace(/\?.*/, ''))
  )
  const answer = path && paths[path]?.[method.toLowerCase()]?.responses[reply.statusCode]
  const declared = answer && (components.responses[answer.$ref?.split('/').at(-1) ?? ''] ?? answer)
  if (!declared) throw new Error(`${method} ${url} answered an undeclared ${reply.statusCode}`)
  const { schema } = declared.content?.['application/problem+json'] ?? {}
  const { code } = reply.statusCode < 400 ? { code: undefined } : JSON.parse(reply.body)
  if (code && !schema?.properties.code.enum.includes(code)) {
    throw new Error(`${method} ${url} answered an undeclared ${code}`)
  }
}

const openApi = JSON.parse(readFileSync('openapi.json', 'utf8')) as OpenApi
interface OpenApi {
  components: { responses: Record<string, Declared> }
  paths: Record<string, Record<string, { responses: Record<number, Declared> }>>
}
interface Declared {
  $ref?: string
  content?: Record<string, { schema: { properties: { code: { enum: string[] } } } }>
}
