// One call to the service: its token, its answer, its errors, its repetitions.

import { AvatarUploadError, assertArgument } from './error.ts'
import { fetched, originOf, type Reply } from './network.ts'
import { isOffline } from './online.ts'
import type { ClientOptions, Step } from './options.ts'
import { observed } from './step.ts'
import { orCancelled, retrying } from './wait.ts'

interface Call<Answer> {
  name: Step['name']
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  body?: object
  /** Whether a request that is under way may be cut off when the signal aborts. */
  cuttable?: boolean
  /** Whether it is an answer of Directo's, and not of what else may be at `baseUrl`. */
  isRight(answer: Unsure<Answer>): unknown
}

/** What is awaited, as far as it is there. */
type Unsure<Answer> = Answer extends object
  ? { [Key in keyof Answer]?: Unsure<Answer[Key]> } | null | undefined
  : Answer | undefined

/**
 * Performs a call and answers with its JSON.
 * @throws {AvatarUploadError} the service's own code; UNAUTHENTICATED, NETWORK_FAILED, SERVICE_UNAVAILABLE,
 *   UNEXPECTED_ANSWER, CANCELLED
 */
export async function call<Answer>(options: ClientOptions, asked: Call<Answer>): Promise<Answer> {
  assertOptions(options)
  return retrying(options, async () => {
    const reply = await ask(options, asked, false)
    const isRenewable = reply.status === 401 && typeof options.token === 'function'
    return answerOf(isRenewable ? await ask(options, asked, true) : reply, asked)
  })
}

export function assertOptions(options: ClientOptions) {
  const { baseUrl, token }: ClientOptions = Object(options)
  assertArgument(
    typeof baseUrl === 'string' && originOf(baseUrl).startsWith('http'),
    `baseUrl must begin with http:// or https://, not “${baseUrl}”`
  )
  assertArgument(
    token && /string|function/.test(typeof token),
    'token must be a string or a function'
  )
}

async function ask(options: ClientOptions, asked: Call<never>, refused: boolean): Promise<Reply> {
  const { method, body } = asked
  const url = options.baseUrl.replace(/\/+$/, '') + asked.path
  const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {}
  const token = await orCancelled(tokenOf(options, refused), options.signal)
  const step = { name: asked.name, request: { method, url, headers, body } }
  return observed(options, step, async () => {
    const init = {
      method,
      headers: { ...headers, authorization: `Bearer ${token}` },
      body: body && JSON.stringify(body),
      // An abort is said when people leave: the page may be gone before it has been sent.
      keepalive: method === 'DELETE'
    }
    const cut = asked.cuttable ? options : { ...options, signal: undefined }
    return fetched(cut, url, init, 'CORS_ORIGINS of the service')
  })
}

async function tokenOf({ token }: ClientOptions, refused: boolean) {
  try {
    const given: unknown = typeof token === 'string' ? token : await token(refused)
    const text = `${given ?? ''}`.trim()
    if (/^[!-~]+$/.test(text)) return text
    // A login page, say: no header holds it, and fetch would fail as on a broken line.
    throw new Error(`no token: ${text.slice(0, 20)}`)
  } catch (cause) {
    // Most often it is a request of the page's own, and fails where ours would.
    const retryable = cause instanceof TypeError || isOffline()
    const code = retryable ? 'NETWORK_FAILED' : 'UNAUTHENTICATED'
    throw new AvatarUploadError(code, { detail: `token() failed: ${cause}`, cause, retryable })
  }
}

function answerOf<Answer>(
  { status, body, retryAfter }: Reply,
  { path, isRight }: Call<Answer>
): Answer {
  const json = parsed(body)
  if (status < 300 && isRight(json as Unsure<Answer>)) return json as Answer
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

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {}
}
