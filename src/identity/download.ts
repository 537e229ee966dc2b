// A small JSON document from an address that an operator named, within bounds.

import { limited } from '../time-limit.ts'

const MOST_BYTES = 256 * 1024 // Microsoft's key set has 20 kB, with certificates

/** @throws {Error} when it is away, not there within `deadlineMs`, elsewhere, too large, or no JSON */
export function download(url: string, deadlineMs: number): Promise<unknown> {
  return limited(deadlineMs, undefined, async (signal) => {
    // A redirect would let whoever can answer once choose where our keys come from.
    const reply = await fetch(url, { signal, redirect: 'error', headers: { accept: '*/*' } })
    if (!reply.ok) {
      await reply.body?.cancel()
      throw new Error(`the key set's address answered ${reply.status}`)
    }
    return JSON.parse(await textOf(reply))
  })
}

async function textOf({ body }: Response) {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length // as unpacked: a few kB of gzip can be gigabytes
    if (bytes > MOST_BYTES) throw new Error(`the key set has more than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
