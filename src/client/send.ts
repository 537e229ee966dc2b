// Perform a grant's request against S3.

import { assertBlob } from './error.ts'
import { fetched } from './network.ts'
import type { ClientOptions, GrantRequest } from './options.ts'
import { observed } from './step.ts'
import { assertStored } from './storage.ts'
import { retrying } from './wait.ts'
import { sendByXhr, WHO_ALLOWS } from './xhr.ts'

export interface SendOptions
  extends Pick<ClientOptions, 'signal' | 'retries' | 'timeoutSeconds' | 'fetch' | 'onStep'> {
  /** How much is sent, 0 to 1; 1 once S3 has it all. Without XMLHttpRequest only that last call comes. */
  onProgress?: (fraction: number) => void
}

/**
 * Sends the bytes as `request` says, a form for POST, alone for PUT.
 * @throws {AvatarUploadError} GRANT_EXPIRED, GRANT_REFUSED, SIZE_MISMATCH, CHECKSUM_MISMATCH, CLOCK_WRONG,
 *   STORAGE_REFUSED, STORAGE_UNAVAILABLE, NETWORK_FAILED, CANCELLED
 */
export async function send(
  request: GrantRequest,
  blob: Blob,
  options: SendOptions = {}
): Promise<void> {
  assertBlob(blob)
  const { method, url, headers, fields } = request
  await retrying(options, async () => {
    const step = { name: 'send' as const, request: { method, url, headers, body: fields } }
    const body = method === 'PUT' ? blob : formOf(fields, blob)
    const answer = await observed(options, step, () => perform(request, body, options))
    assertStored(answer, request)
  })
  options.onProgress?.(1)
}

// S3 ignores what comes after the file, so it must be last (AWS, "Browser-based uploads using POST").
function formOf(fields: Record<string, string>, blob: Blob) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', blob)
  return form
}

function perform(request: GrantRequest, body: Blob | FormData, options: SendOptions) {
  const hasXhr = typeof XMLHttpRequest !== 'undefined'
  return hasXhr ? sendByXhr(request, body, options) : sendByFetch(request, body, options)
}

async function sendByFetch(
  { method, url, headers }: GrantRequest,
  body: Blob | FormData,
  options: SendOptions
) {
  // A form that is cut off while it is being read ends a Node process (undici rejects what nobody awaits), so it
  // is read before.
  const form = body instanceof FormData ? new Response(body) : null
  const type = form && { 'content-type': form.headers.get('content-type') ?? '' }
  const init = {
    method,
    headers: { ...headers, ...type },
    body: form ? await form.arrayBuffer() : (body as Blob)
  }
  return fetched(options, url, init, WHO_ALLOWS, 5)
}
