// The seen bytes of an object under their absolute offsets: its head, its tail, nothing between.

import { Budget } from './budget.ts'
import { malformed, Stop, truncated } from './stop.ts'

export const HEAD_BYTES = 65536
// 464 more, for unzip looks so far back for the end of an archive's directory; others, 65,557.
export const TAIL_BYTES = 66000

export interface ObjectBytes {
  /** The first min(size, HEAD_BYTES) bytes. */
  head: Uint8Array
  /** The last min(size, TAIL_BYTES) bytes; they may overlap the head. */
  tail: Uint8Array
  sizeBytes: number
}

interface Run {
  start: number
  end: number
  bytes: Buffer
}

const NOTHING = Buffer.alloc(0)

export class ByteWindow {
  readonly size: number
  readonly budget = new Budget()
  readonly #runs: Run[]

  /** @throws {Stop} MALFORMED when head, tail and size disagree */
  constructor({ head, tail, sizeBytes }: ObjectBytes) {
    const fits =
      Number.isSafeInteger(sizeBytes) &&
      head.length === Math.min(sizeBytes, HEAD_BYTES) &&
      tail.length === Math.min(sizeBytes, TAIL_BYTES)
    if (!fits) throw malformed('The bytes that were read do not fit the size of the file.')
    this.size = sizeBytes
    const first = asBuffer(head)
    const last = asBuffer(tail)
    const overlap = first.length + last.length - sizeBytes
    if (overlap < 0) {
      this.#runs = [runAt(0, first), runAt(sizeBytes - last.length, last)]
      return
    }
    if (!first.subarray(first.length - overlap).equals(last.subarray(0, overlap))) {
      throw malformed('The two ends of the file disagree about the bytes they share.')
    }
    this.#runs = [runAt(0, Buffer.concat([first, last.subarray(overlap)]))]
  }

  /** Where the last seen bytes start; 0 when head and tail meet. */
  get tailStart(): number {
    return this.#runs.at(-1)!.start
  }

  /** Where the seen bytes around `at` end; `at` itself when it is unseen. */
  seenEnd(at: number): number {
    return this.#run(at)?.end ?? at
  }

  /** The first seen place from `at` on, or the size. */
  resume(at: number): number {
    const run = this.#runs.find(({ end }) => at < end)
    return run ? Math.max(at, run.start) : this.size
  }

  sees(at: number, length: number): boolean {
    return at + length <= this.seenEnd(at)
  }

  /** Whether some of these bytes are in the file, but not among those seen. */
  hides(at: number, length: number): boolean {
    return at + length <= this.size && !this.sees(at, length)
  }

  /** @throws {Stop} TRUNCATED beyond the end of the file, HEADER_TOO_LARGE for unseen bytes */
  bytes(at: number, length: number): Buffer {
    if (at + length > this.size) throw truncated()
    if (length === 0) return NOTHING
    const run = this.#run(at)
    if (!run || at + length > run.end) {
      throw new Stop('HEADER_TOO_LARGE', 'What describes the picture lies beyond the bytes read.')
    }
    return run.bytes.subarray(at - run.start, at - run.start + length)
  }

  text = (at: number, length: number) => this.bytes(at, length).toString('latin1')
  u8 = (at: number) => this.bytes(at, 1)[0]!
  u16 = (at: number) => this.bytes(at, 2).readUInt16BE()
  u32 = (at: number) => this.bytes(at, 4).readUInt32BE()
  u16le = (at: number) => this.bytes(at, 2).readUInt16LE()
  u24le = (at: number) => this.bytes(at, 3).readUIntLE(0, 3)
  u32le = (at: number) => this.bytes(at, 4).readUInt32LE()

  #run(at: number): Run | undefined {
    const run = at < this.#runs[0]!.end ? this.#runs[0] : this.#runs[1]
    return run && run.start <= at && at < run.end ? run : undefined
  }
}

const asBuffer = ({ buffer, byteOffset, length }: Uint8Array) =>
  Buffer.from(buffer, byteOffset, length)

const runAt = (start: number, bytes: Buffer): Run => ({ start, end: start + bytes.length, bytes })
