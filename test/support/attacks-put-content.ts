// Attacks on what a PUT holds: its type, size and checksum, and whether it may overwrite.

import { crc32 } from 'node:zlib'

import {
  type Attack,
  attack,
  body,
  both,
  denied,
  FILE,
  forged,
  header,
  LIVE_KEY,
  OTHER_FILE,
  overwritten,
  parameter,
  replay,
  sha256,
  unstorable,
  without,
  withSha256
} from './attacks-put-blocks.ts'

const CHECKSUM = 'x-amz-checksum-sha256'
const crc = Buffer.alloc(4)
crc.writeUInt32BE(crc32(OTHER_FILE))
const other = sha256(OTHER_FILE).digest('base64')

const frame = `${FILE.length.toString(16)}\r\n${FILE.toString('latin1')}\r\n0\r\n\r\n`
const inFrames = both(
  header('x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'),
  header('x-amz-decoded-content-length', `${FILE.length}`),
  header('content-encoding', 'aws-chunked'),
  body(Buffer.from(frame, 'latin1'))
)

export const content: Attack[] = [
  ...[
    'image/svg+xml',
    'text/html',
    'IMAGE/PNG',
    'image/png;x',
    'image/png; charset=utf-8',
    'image/png,text/html',
    'image/pngx',
    'image',
    ''
  ].map((type) => attack('T03', `the type “${type}”`, forged, header('content-type', type))),
  attack('T03', 'no type', forged, without('content-type')),
  attack('T03', 'a second type', forged, header('content-type', ['image/png', 'text/html'])),
  attack('T03', 'the same type twice', forged, header('content-type', ['image/png', 'image/png'])),
  attack(
    'T03',
    'a type in the query',
    forged,
    both(without('content-type'), parameter('Content-Type', 'text/html'))
  ),

  attack('T04', 'a byte too many', forged, body(Buffer.concat([FILE, Buffer.alloc(1)]))),
  attack('T04', 'a megabyte too many', forged, body(Buffer.alloc(FILE.length + 1_000_000))),
  attack('T04', 'a byte too few', forged, body(FILE.subarray(1))),
  attack('T04', 'an empty file', forged, body(Buffer.alloc(0))),
  unstorable(
    'T04',
    'a body without a length',
    forged,
    both(header('transfer-encoding', 'chunked'), body(Buffer.alloc(100_000)))
  ),
  unstorable(
    'T04',
    'two lengths',
    { status: 400, code: '' },
    header('content-length', [`${FILE.length}`, `${FILE.length + 1}`])
  ),
  attack('T04', 'another request after the length', 'harmless', (put, { bucket }) => {
    const smuggled = `DELETE /${bucket}/${LIVE_KEY} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`
    put.headers['content-length'] = `${FILE.length}`
    put.headers.connection = 'keep-alive'
    put.body = Buffer.concat([FILE, Buffer.from(smuggled)])
  }),
  unstorable(
    'T04',
    'a connection cut within the file',
    { status: 0, code: '' },
    both(
      header('content-length', `${FILE.length}`),
      (put) => void Object.assign(put, { cutBytes: 9 })
    )
  ),
  attack('T04', 'a body in frames of its own', denied, inFrames),

  replay('T20', 'other bytes by a grant that was used', overwritten, body(OTHER_FILE)),
  replay('T20', 'the same bytes by a grant that was used', overwritten, () => {}),
  replay('T20', 'a used grant without its condition', forged, without('if-none-match')),
  replay(
    'T20',
    'a used grant that overwrites',
    forged,
    both(without('if-none-match'), header('if-match', '*'), body(OTHER_FILE))
  ),
  replay('T20', 'a used grant with a condition that holds', forged, header('if-none-match', '"x"')),
  replay('T20', 'a used grant with two conditions', forged, header('if-none-match', ['"x"', '*'])),
  attack('T20', 'no condition', forged, without('if-none-match')),

  attack(
    'T12',
    'other bytes of the same length',
    { status: 400, code: 'BadDigest' },
    body(OTHER_FILE),
    withSha256
  ),
  attack(
    'T12',
    'the checksum of other bytes',
    forged,
    both(header(CHECKSUM, other), body(OTHER_FILE)),
    withSha256
  ),
  attack('T12', 'no checksum', forged, both(without(CHECKSUM), body(OTHER_FILE)), withSha256),
  attack(
    'T12',
    'a checksum in the query',
    forged,
    both(without(CHECKSUM), parameter(CHECKSUM, other), body(OTHER_FILE)),
    withSha256
  ),
  attack(
    'T12',
    'a checksum of another kind in its place',
    denied,
    both(
      without(CHECKSUM),
      header('x-amz-checksum-crc32', crc.toString('base64')),
      body(OTHER_FILE)
    ),
    withSha256
  ),
  attack(
    'T12',
    'a checksum of another kind beside it',
    denied,
    header('x-amz-checksum-crc32', crc.toString('base64')),
    withSha256
  ),
  attack('T12', 'a checksum that nobody signed', denied, header(CHECKSUM, other)),
  attack(
    'T12',
    'the hash of other bytes as a header',
    denied,
    both(header('x-amz-content-sha256', sha256(OTHER_FILE).digest('hex')), body(OTHER_FILE))
  ),
  attack(
    'T12',
    'the word for no hash as a header',
    denied,
    header('x-amz-content-sha256', 'UNSIGNED-PAYLOAD')
  ),
  attack(
    'T12',
    'the hash of other bytes in the query',
    forged,
    both(parameter('X-Amz-Content-Sha256', sha256(OTHER_FILE).digest('hex')), body(OTHER_FILE))
  ),
  attack(
    'T12',
    'an MD5 of other bytes',
    { status: 400, code: 'BadDigest' },
    header('content-md5', '1B2M2Y8AsgTpgAmY7PhCfg==')
  )
]
