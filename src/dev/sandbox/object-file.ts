// One object as one file, so that bytes and metadata cannot disagree: bytes, facts, length of facts.

import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { Readable } from 'node:stream'

import type { ObjectFacts } from './store.ts'

const MARK = Buffer.from('dsb1')
const TAIL_BYTES = MARK.length + 4

/** Keys are hashed: they may be longer than a file's name, hold `..`, or differ only in case. */
export function fileName(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** Completes a file that holds the object's bytes. */
export function writeFacts(file: number, facts: ObjectFacts) {
  const json = Buffer.from(JSON.stringify(facts))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  fs.writeFileSync(file, Buffer.concat([json, length, MARK]))
}

/** Null when the file is none of ours. */
export function readFacts(path: string): ObjectFacts | null {
  const file = fs.openSync(path, 'r')
  try {
    const { size } = fs.fstatSync(file)
    const tail = readAt(file, size - TAIL_BYTES, TAIL_BYTES)
    if (!tail.subarray(4).equals(MARK)) return null
    const length = tail.readUInt32BE()
    const json = readAt(file, size - TAIL_BYTES - length, length)
    const facts: ObjectFacts = JSON.parse(json.toString())
    return facts.sizeBytes + length + TAIL_BYTES === size ? facts : null
  } catch {
    return null
  } finally {
    fs.closeSync(file)
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  fs.readSync(file, bytes, 0, length, position)
  return bytes
}

/** Opened at once, so that the bytes are those of now, whatever replaces the file afterwards. */
export function readPart(path: string, start: number, end: number): Readable {
  if (start === end) return Readable.from([])
  const fd = fs.openSync(path, 'r')
  return fs.createReadStream('', { fd, start, end: end - 1, highWaterMark: 256 * 1024 })
}
