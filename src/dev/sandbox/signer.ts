// Signatures recomputed with the SDK's own signer, and compared in constant time.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

import { SignatureV4 } from '@smithy/signature-v4'

import type { Deps } from './deps.ts'

type Hashable = string | ArrayBuffer | ArrayBufferView

// The hash that the signer asks for, on node:crypto.
class Sha256 {
  readonly #hash
  constructor(secret?: Hashable) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret))
  }
  update(data: Uint8Array) {
    this.#hash.update(data)
  }
  async digest() {
    return new Uint8Array(this.#hash.digest())
  }
  reset() {}
}

function bytes(data: Hashable): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}

export function signerOf({ credentials: { accessKeyId, secretAccessKey }, region }: Deps) {
  return new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false
  })
}

export function sameSignature(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
