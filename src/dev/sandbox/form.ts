// A multipart form: its fields, then the file as a stream; what follows the file is ignored.

import { once } from 'node:events'
import type { Readable } from 'node:stream'

import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy'

import type { Call } from './call.ts'
import { S3Error } from './errors.ts'

export interface Form {
  /** By lower-case name; repeated ones joined by commas; `${filename}` filled in. */
  fields: Map<string, string>
  /** Ends by throwing MalformedPOSTRequest when the form ends within the file. */
  file: AsyncIterable<Buffer>
}

const FILENAME = /\$\{filename\}/g
const FIELDS_BYTES = 20 * 1024
const PART_OVERHEAD_BYTES = '\r\n--\r\nContent-Disposition: form-data; name=""\r\n\r\n'.length

/** @throws {S3Error} MalformedPOSTRequest, MaxPostPreDataLengthExceeded, InvalidArgument */
export async function readForm(call: Call): Promise<Form> {
  const parser = parserFor(call)
  const fields = new Map<string, string>()
  const found = Promise.withResolvers<{ file: BusboyFileStream; filename: string }>()
  let bytes = 0
  let closed = false // by the file: fields after it may come in the same chunk
  parser.on('field', (name: string | undefined, value, _, truncated) => {
    if (closed) return
    if (!name) return found.reject(new S3Error('MalformedPOSTRequest'))
    bytes += PART_OVERHEAD_BYTES + boundaryBytes(call) + name.length + Buffer.byteLength(value)
    if (truncated || bytes > FIELDS_BYTES) {
      const details = { MaxPostPreDataLengthBytes: FIELDS_BYTES }
      return found.reject(new S3Error('MaxPostPreDataLengthExceeded', undefined, details))
    }
    const earlier = fields.get(name.toLowerCase())
    fields.set(name.toLowerCase(), earlier === undefined ? value : `${earlier},${value}`)
  })
  parser.on('file', (_, file, filename) => {
    closed = true
    file.on('error', () => {}) // whoever reads it hears of it as well
    found.resolve({ file, filename: filename ?? '' })
  })
  parser.on('finish', () => {
    const message = 'POST requires exactly one file upload per request.'
    found.reject(new S3Error('InvalidArgument', message))
  })
  parser.on('error', () => found.reject(new S3Error('MalformedPOSTRequest')))
  feed(call, parser, found)
  const { file, filename } = await found.promise
  for (const [name, value] of fields)
    fields.set(
      name,
      value.replace(FILENAME, () => filename)
    )
  return { fields, file: bytesOf(file) }
}

function parserFor({ headers }: Call): BusboyInstance {
  const type = headers['content-type'] ?? ''
  if (!/^multipart\/form-data\b/i.test(type)) {
    const message = 'Bucket POST must be of the enclosure-type multipart/form-data'
    throw new S3Error('PreconditionFailed', undefined, { Condition: message })
  }
  try {
    return new Busboy({
      headers: { 'content-type': type },
      limits: { fieldSize: FIELDS_BYTES, headerSize: FIELDS_BYTES },
      isPartAFile: (name) => name?.toLowerCase() === 'file'
    })
  } catch {
    throw new S3Error('MalformedPOSTRequest') // no boundary, or one that cannot be
  }
}

function boundaryBytes({ headers }: Call): number {
  return /boundary="?([^";]*)/i.exec(headers['content-type']!)?.[1]?.length ?? 0
}

// Stops at the first refusal; the rest of the body is then the server's to drain.
async function feed(
  call: Call,
  parser: BusboyInstance,
  found: PromiseWithResolvers<{ file: BusboyFileStream; filename: string }>
) {
  let file: Readable | undefined
  let done = false
  found.promise.then(
    (form) => {
      file = form.file
      file.once('close', () => (done = true))
      file.once('end', () => (done = true))
    },
    () => (done = true)
  )
  try {
    for await (const chunk of call.body()) {
      if (done) return
      if (!parser.write(chunk)) await once(parser, 'drain')
    }
    parser.end()
  } catch (error) {
    found.reject(error)
    file?.destroy(error as Error)
  }
}

async function* bytesOf(file: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of file) yield bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') throw error
    throw new S3Error('MalformedPOSTRequest')
  }
}
