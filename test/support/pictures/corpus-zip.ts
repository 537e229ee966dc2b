// Pictures that are ZIP archives as well, in every way that unzip, Python or Java still open them.

import type { Case } from './corpus.ts'
import { jpeg, segment, withSegments } from './jpeg.ts'
import { png, withChunks } from './png.ts'

const RECORD_BYTES = 22
const FARTHEST_BYTES = 66_000 // how far from the end unzip looks
const DIRECTORY = Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.alloc(42)])

interface Record {
  disk?: number
  sizeBytes?: number
  offset?: number
  comment?: number
}

/** A directory and its end record, which says what it is told to. */
function archive({ disk = 0, sizeBytes = DIRECTORY.length, offset = 0, comment = 0 }: Record = {}) {
  const end = Buffer.alloc(RECORD_BYTES)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(disk, 4)
  end.writeUInt32LE(sizeBytes, 12)
  end.writeUInt32LE(offset, 16)
  end.writeUInt16LE(comment, 20)
  return Buffer.concat([DIRECTORY, end])
}

const inPng = (data: Uint8Array) => withChunks(png(64), [['juNk', data]], { before: 'IEND' })
const END_BYTES = 4 + 12 // the chunk's sum and IEND

/** The record so many bytes in front of the file's end. */
const farInPng = (zip: Buffer, bytesFromEnd: number) =>
  inPng(
    Buffer.concat([
      Buffer.alloc(140_000),
      zip,
      Buffer.alloc(bytesFromEnd - RECORD_BYTES - END_BYTES)
    ])
  )

const LOCATOR = Buffer.concat([Buffer.from('PK\x06\x07', 'latin1'), Buffer.alloc(16)])
const whole = archive()
const zip64 = Buffer.concat([LOCATOR, archive({ sizeBytes: 0xffffffff }).subarray(-RECORD_BYTES)])

const archives: { [name: string]: Buffer } = {
  'in a chunk': inPng(whole),
  'said to be on disk 1': inPng(archive({ disk: 1 })),
  'said to be on disk 1, in a comment': withSegments(jpeg(64), [
    segment(0xfe, archive({ disk: 1 }))
  ]),
  'with a comment that goes on beyond the end': inPng(archive({ comment: 60_000 })),
  'with a comment that ends before the file': inPng(Buffer.concat([whole, Buffer.alloc(900)])),
  'with a directory said to lie behind its end': inPng(archive({ disk: 1, offset: 0xf0000000 })),
  'of 64 bits': inPng(zip64),
  'with the longest comment': farInPng(archive({ comment: 65_535 }), RECORD_BYTES + 65_535),
  'as far from the end as is looked': farInPng(archive({ comment: 65_535 }), FARTHEST_BYTES)
}

const harmless: { [name: string]: Buffer } = {
  'whose directory would be longer than the file': inPng(archive({ sizeBytes: 1_000 })),
  'too far from the end': farInPng(whole, FARTHEST_BYTES + 1)
}

const all = (files: { [name: string]: Buffer }, problems: Case['problems']): Case[] =>
  Object.entries(files).map(([name, bytes]) => ({
    name: `zip: ${problems ? 'an archive' : 'none'} ${name}`,
    bytes,
    format: bytes[0] === 0xff ? 'jpeg' : 'png',
    problems
  }))

export const zipCases: Case[] = [...all(archives, 'TRAILING_DATA'), ...all(harmless, '')]
