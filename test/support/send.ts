// What a client does with a grant: perform its request against S3.

import type { GrantRequest } from '../../src/s3/grant.ts'

/** Sends the bytes as `request` says and answers with S3's response. */
export function send(
  { method, url, headers, fields }: GrantRequest,
  bytes: Uint8Array,
  signal?: AbortSignal
) {
  const body = new Blob([new Uint8Array(bytes)])
  if (method === 'PUT') return fetch(url, { method, headers, body, signal })
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', body)
  return fetch(url, { method, headers, body: form, signal })
}

export const download = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer())
