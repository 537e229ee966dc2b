// One call to the service: its token, its answer, its errors, its repetitions.

import { AvatarUploadError, assertArgument } from './error.ts'
import type { ClientOptions, Step } from './options.ts'
import { observed } from './step.ts'
import { orCancelled, retrying } from './wait.ts'

interface Call {
  name: Step['name']
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  body?: object
  /** Whether a request that is under way may be cut off when the signal aborts. */
  cuttable?: boolean
}

/**
 * Performs a call and answers with its JSON, null for 204.
 * @throws {AvatarUploadError} the service's own code; UNAUTHENTICATED, NETWORK_FAILED, SERVICE_UNAVAILABLE,
 *   UNEXPECTED_ANSWER, CANCELLED
 */
export async function call<Answer>(options: ClientOptions, asked: Call): Promise<Answer> {
  assertOptions(options)
  return retrying(options, async () => {
    const reply = await ask(options, asked, false)
    const isRenewable = reply.status === 401 && typeof options.token === 'function'
    return answerOf<Answer>(isRenewable ? await ask(options, asked, true) : reply, asked.path)
  })
}

export function assertOptions({ baseUrl, token }: ClientOptions) {
  assertArgument(typeof baseUrl === 'string', 'baseUrl must be a string')
  assertArgument(
    /^https?:\/\//.test(baseUrl) || globalThis.location,
    `baseUrl must begin with http:// or https://, not “${baseUrl}”`
  )
  assertArgument(
    token && /string|function/.test(typeof token),
    'token must be a string or a function'
  )
}

interface Reply {
  status: number
  body: string
  retryAfter: string | null
}

async function ask(options: ClientOptions, asked: Call, refused: boolean): Promise<Reply> {
  const { method, body } = asked
  const url = options.baseUrl.replace(/\/+$/, '') + asked.path
  const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {}
  const token = await orCancelled(tokenOf(options, refused), options.signal)
  const step = { name: asked.name, request: { method, url, headers, body } }
  return observed(options, step, async () => {
    const giveUp = new AbortController()
    const stop = () => giveUp.abort()
    const timer = setTimeout(stop, (options.timeoutSeconds ?? 60) * 1000)
    if (asked.cuttable) options.signal?.addEventListener('abort', stop)
    try {
      const reply = await (options.fetch ?? fetch)(url, {
        method,
        headers: { ...headers, authorization: `Bearer ${token}` },
        body: body && JSON.stringify(body),
        signal: giveUp.signal,
        // An abort is said when people leave: the page may be gone before it has been sent.
        keepalive: method === 'DELETE'
      })
      const retryAfter = reply.headers.get('retry-after')
      return { status: reply.status, body: await reply.text(), retryAfter }
    } catch (cause) {
      throw networkError(url, 'CORS_ORIGINS of the service', cause)
    } finally {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', stop)
    }
  })
}

async function tokenOf({ token }: ClientOptions, refused: boolean) {
  if (typeof token === 'string') return token
  try {
    return await token(refused)
  } catch (cause) {
    throw new AvatarUploadError('UNAUTHENTICATED', { detail: 'token() failed', cause })
  }
}

/** Browsers do not tell a refusal by CORS from a broken line: both may be meant. */
export function networkError(url: string, whoAllows: string, cause?: unknown) {
  const { origin } = new URL(url, globalThis.location?.href)
  const detail = `No answer from ${origin}: the network failed, or CORS refused this page (see ${whoAllows}).`
  return new AvatarUploadError('NETWORK_FAILED', { detail, cause, retryable: true })
}

function answerOf<Answer>({ status, body, retryAfter }: Reply, path: string): Answer {
  if (status === 204) return null as Answer
  const json = parsed(body)
  if (status < 300 && json) return json as Answer
  const isBusy = status >= 500 || status === 429
  const { code, detail, reasons } = (json ?? {}) as Partial<AvatarUploadError>
  const retryAfterSeconds = Number(retryAfter) || undefined // a date, which no Directo says, is none
  throw new AvatarUploadError(code ?? (isBusy ? 'SERVICE_UNAVAILABLE' : 'UNEXPECTED_ANSWER'), {
    detail: detail ?? `${path} answered ${status}, not as Directo does: is baseUrl right?`,
    status,
    reasons,
    retryAfterSeconds,
    retryable: isBusy || retryAfterSeconds !== undefined
  })
}

function parsed(body: string): object | undefined {
  try {
    return Object(JSON.parse(body))
  } catch {}
}
