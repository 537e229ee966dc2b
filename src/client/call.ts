// One call to the service: its token, its answer, its errors, its repetitions.

import { AvatarUploadError, assertArgument } from './error.ts'
import { fetched, type Reply } from './network.ts'
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
  assertArgument(
    typeof baseUrl === 'string' && isAddress(baseUrl),
    `baseUrl must begin with http:// or https://, not “${baseUrl}”`
  )
  assertArgument(
    token && /string|function/.test(typeof token),
    'token must be a string or a function'
  )
}

// `localhost:3000` is an address too, of the scheme localhost. URL.canParse came to Safari in 2023 only.
function isAddress(baseUrl: string) {
  try {
    return /^http/.test(new URL(baseUrl, globalThis.location?.href).protocol)
  } catch {}
}

async function ask(options: ClientOptions, asked: Call, refused: boolean): Promise<Reply> {
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
    const given = typeof token === 'string' ? token : await token(refused)
    // Throws where no header can hold it: so would fetch, and look like a broken line that is worth another try.
    new Headers([['a', given]])
    return given
  } catch (cause) {
    throw new AvatarUploadError('UNAUTHENTICATED', { detail: 'token() failed', cause })
  }
}

function answerOf<Answer>({ status, body, retryAfter }: Reply, path: string): Answer {
  if (status === 204) return null as Answer
  const json = parsed(body)
  if (status < 300 && json) return json as Answer
  const isBusy = status >= 500 || status === 429
  const { code, detail, reasons } = (json ?? {}) as Partial<AvatarUploadError>
  const retryAfterSeconds = Number(retryAfter) || undefined // a date, which no Directo says, is none
  const unknown = isBusy ? 'SERVICE_UNAVAILABLE' : 'UNEXPECTED_ANSWER'
  throw new AvatarUploadError(typeof code === 'string' ? code : unknown, {
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
