// One request by fetch, that ends: with an answer, or given up.

import { AvatarUploadError } from './error.ts'
import type { ClientOptions } from './options.ts'

export interface Reply {
  status: number
  body: string
  retryAfter: string | null
}

/**
 * Answers with what came, whatever its status.
 * @param whoAllows what to look at where CORS refuses the page
 * @param patience how many times `timeoutSeconds` all of it may take
 * @throws {AvatarUploadError} NETWORK_FAILED, also when it was cut off
 */
export async function fetched(
  {
    fetch = globalThis.fetch,
    signal,
    timeoutSeconds = 60
  }: Pick<ClientOptions, 'fetch' | 'signal' | 'timeoutSeconds'>,
  url: string,
  init: RequestInit,
  whoAllows: string,
  patience = 1
): Promise<Reply> {
  const giveUp = new AbortController()
  const stop = () => giveUp.abort()
  const timer = setTimeout(stop, timeoutSeconds * patience * 1000)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  try {
    const reply = await fetch(url, { ...init, signal: giveUp.signal })
    const retryAfter = reply.headers.get('retry-after')
    return { status: reply.status, body: await reply.text(), retryAfter }
  } catch (cause) {
    throw networkError(url, whoAllows, cause)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

/** Browsers do not tell a refusal by CORS from a broken line: both may be meant. */
export function networkError(url: string, whoAllows: string, cause?: unknown) {
  const detail = `No answer from ${originOf(url)}: the network failed, or CORS refused this page (see ${whoAllows}).`
  return new AvatarUploadError('NETWORK_FAILED', { detail, cause, retryable: true })
}

/** Of an address as the page understands it; '' where it is none. URL.canParse came to Safari in 2023 only. */
export function originOf(url = ''): string {
  try {
    return new URL(url, globalThis.location?.href).origin // "null" for that of localhost:3000
  } catch {
    return ''
  }
}
