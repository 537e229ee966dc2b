// A form as an attacker would build it: any part anywhere, any line ends, any header.

import { sendBytes } from './attacks-wire.ts'

export interface Part {
  name: string
  value: string | Buffer
  /** Makes it look like a file. */
  filename?: string
  contentType?: string
  /** In place of the usual Content-Disposition line. */
  headers?: string
}

export interface Form {
  url: string
  /** In order, the file among them. */
  parts: Part[]
  method: string
  headers: Record<string, string>
  boundary: string
  lineEnd: string
  /** After the last boundary; null leaves that out as well. */
  ending: string | null
  /** Sent without a Content-Length. */
  chunked: boolean
  /** Cut off so many bytes before the end, then closes the connection. */
  cutBytes: number
}

/** A form as a browser would send it. */
export function formOf(url: string, fields: Record<string, string>, file: Buffer): Form {
  return {
    url,
    parts: [
      ...Object.entries(fields).map(([name, value]) => ({ name, value })),
      { name: 'file', value: file, filename: 'picture.png', contentType: 'image/png' }
    ],
    method: 'POST',
    headers: {},
    boundary: 'a-boundary-that-is-not-in-the-file',
    lineEnd: '\r\n',
    ending: '--',
    chunked: false,
    cutBytes: 0
  }
}

export function sendForm(form: Form) {
  const { url, method, cutBytes } = form
  const body = bodyOf(form)
  const headers: Record<string, string> = {
    'content-type': `multipart/form-data; boundary=${form.boundary}`,
    ...(form.chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${body.length}` }),
    ...form.headers
  }
  const { origin, pathname, search } = new URL(url)
  return sendBytes(origin, { method, path: `${pathname}${search}`, headers, body, cutBytes })
}

function bodyOf({ parts, boundary, lineEnd, ending }: Form): Buffer {
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}${lineEnd}${headersOf(part, lineEnd)}${lineEnd}${lineEnd}`),
    Buffer.from(part.value as string),
    Buffer.from(lineEnd)
  ])
  if (ending === null) return Buffer.concat(pieces.slice(0, -1))
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}${ending}${lineEnd}`)])
}

function headersOf({ name, filename, contentType, headers }: Part, lineEnd: string): string {
  if (headers !== undefined) return headers
  const file = filename === undefined ? '' : `; filename="${filename}"`
  const type = contentType === undefined ? '' : `${lineEnd}Content-Type: ${contentType}`
  return `Content-Disposition: form-data; name="${name}"${file}${type}`
}
