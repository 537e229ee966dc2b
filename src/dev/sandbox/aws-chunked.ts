// Bodies sent as aws-chunked: chunks with their sizes, perhaps signed one by one, and trailers.

import { S3Error } from './errors.ts'

/** What checks the signatures of chunks and trailers; every chunk's bytes pass through `update`. */
export interface ChunkSeal {
  update: (bytes: Buffer) => void
  endChunk: (signature: string) => Promise<void>
  endTrailers: (trailers: string, signature: string) => Promise<void>
}

/** Yields the bytes that were meant; fills `trailers`. @throws {S3Error} IncompleteBody */
export async function* decodeChunks(
  source: AsyncIterable<Buffer>,
  trailers: Record<string, string>,
  seal: ChunkSeal | null
): AsyncGenerator<Buffer> {
  const reader = readerOf(source)
  for (;;) {
    const [size = '', extension = ''] = (await reader.line()).split(';')
    if (!/^[\da-f]{1,12}$/i.test(size)) throw malformed()
    const sizeBytes = Number.parseInt(size, 16)
    for await (const bytes of reader.bytes(sizeBytes)) {
      seal?.update(bytes)
      yield bytes
    }
    await seal?.endChunk(/^chunk-signature=(\w+)$/.exec(extension)?.[1] ?? '')
    if (sizeBytes === 0) break
    if ((await reader.line()) !== '') throw malformed()
  }
  await readTrailers(reader, trailers, seal)
}

async function readTrailers(
  reader: Reader,
  trailers: Record<string, string>,
  seal: ChunkSeal | null
) {
  let signed = ''
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (!name || signed.length > 16384) throw malformed()
    if (name.toLowerCase() === 'x-amz-trailer-signature') await seal?.endTrailers(signed, value)
    else {
      trailers[name.toLowerCase()] = value
      signed += `${name.toLowerCase()}:${value}\n`
    }
  }
}

type Reader = ReturnType<typeof readerOf>

function readerOf(source: AsyncIterable<Buffer>) {
  const incoming = source[Symbol.asyncIterator]()
  let pending: Buffer = Buffer.alloc(0)

  async function more() {
    const { value, done } = await incoming.next()
    if (done) throw new S3Error('IncompleteBody')
    return value as Buffer
  }

  return {
    async line(): Promise<string> {
      let end = pending.indexOf('\r\n')
      while (end < 0) {
        if (pending.length > 8192) throw malformed()
        pending = Buffer.concat([pending, await more()])
        end = pending.indexOf('\r\n')
      }
      const line = pending.toString('latin1', 0, end)
      pending = pending.subarray(end + 2)
      return line
    },
    async *bytes(count: number): AsyncGenerator<Buffer> {
      for (let left = count; left > 0; ) {
        if (pending.length === 0) pending = await more()
        const bytes = pending.subarray(0, left)
        pending = pending.subarray(bytes.length)
        left -= bytes.length
        yield bytes
      }
    }
  }
}

function malformed(): S3Error {
  return new S3Error('InvalidRequest', 'The body is not well-formed aws-chunked encoding.')
}
