// Sending by XMLHttpRequest, the only way by which browsers tell how much has been sent.

import { networkError } from './network.ts'
import type { GrantRequest } from './options.ts'
import type { SendOptions } from './send.ts'

export const WHO_ALLOWS = 'the CORS rules of the bucket'

/** Like `fetch` of the same request; a transfer that stands still for `timeoutSeconds` has failed. */
export function sendByXhr(
  { method, url, headers }: GrantRequest,
  body: Blob | FormData,
  { signal, onProgress, timeoutSeconds = 60 }: SendOptions
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    const stop = () => xhr.abort()
    let stalled: ReturnType<typeof setTimeout>
    const moved = () => {
      clearTimeout(stalled)
      stalled = setTimeout(stop, timeoutSeconds * 1000)
    }
    xhr.open(method, url)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.upload.onprogress = ({ loaded, total }) => {
      moved()
      // All of it has left here, but S3 has not said that it arrived.
      if (loaded < total) onProgress?.(loaded / total)
    }
    xhr.onloadend = () => {
      clearTimeout(stalled)
      signal?.removeEventListener('abort', stop)
      if (xhr.status) resolve({ status: xhr.status, body: xhr.responseText })
      else reject(networkError(url, WHO_ALLOWS))
    }
    signal?.addEventListener('abort', stop)
    moved()
    xhr.send(body)
  })
}
