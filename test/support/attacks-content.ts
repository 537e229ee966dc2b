// Attacks on what the bytes are: type, size, checksum, and until when they may be sent.

import { createHash } from 'node:crypto'

import {
  type Attack,
  add,
  anyImage,
  attack,
  both,
  denied,
  FILE,
  file,
  forged,
  form,
  OTHER_FILE,
  remove,
  rewritePolicy,
  set,
  tooLarge,
  tooSmall,
  unstorable,
  withSha256
} from './attacks-blocks.ts'

export const content: Attack[] = [
  ...[
    'image/svg+xml',
    'text/html',
    'IMAGE/PNG',
    'image/png;x',
    'image/png; charset=utf-8',
    'image/png,text/html',
    'image/png,image/png',
    'image/pngx',
    'image',
    ' image/png',
    ''
  ].map((type) => attack('T03', `the type “${type}”`, denied, set('Content-Type', type))),
  attack('T03', 'no type', denied, remove('Content-Type')),
  attack('T03', 'a second type', denied, add('Content-Type', 'text/html')),
  attack(
    'T03',
    'another type of the file’s own part',
    'harmless',
    file({ contentType: 'text/html' })
  ),
  attack(
    'T03',
    'a list of types where a prefix is signed',
    denied,
    add('Content-Type', 'image/png,text/html'),
    anyImage
  ),
  attack(
    'T03',
    'a type that only contains the signed prefix',
    denied,
    add('Content-Type', 'text/html;image/'),
    anyImage
  ),
  attack('T03', 'no type where a prefix is signed', denied, () => {}, anyImage),

  attack(
    'T04',
    'a byte too many',
    tooLarge,
    file({ value: Buffer.concat([FILE, Buffer.alloc(1)]) })
  ),
  attack(
    'T04',
    'a megabyte too many',
    tooLarge,
    file({ value: Buffer.alloc(FILE.length + 1_000_000) })
  ),
  attack('T04', 'a byte too few', tooSmall, file({ value: FILE.subarray(1) })),
  attack('T04', 'an empty file', tooSmall, file({ value: '' })),
  unstorable(
    'T04',
    'a body without a length',
    { status: 411, code: 'MissingContentLength' },
    form({ chunked: true })
  ),
  unstorable(
    'T04',
    'a connection cut within the file',
    { status: 0, code: '' },
    form({ cutBytes: 60 })
  ),
  unstorable(
    'T04',
    'a connection cut before the last boundary’s end',
    { status: 0, code: '' },
    form({ cutBytes: 5 })
  ),

  attack('T05', 'an expired policy', denied, () => {}, { Expires: -1 }),
  attack(
    'T05',
    'a policy with another expiry',
    forged,
    rewritePolicy((policy) => {
      policy.expiration = '2099-01-01T00:00:00Z'
    })
  ),
  attack(
    'T05',
    'another date',
    denied,
    set('X-Amz-Date', (date) => date.replace(/T\d{6}/, 'T000001'))
  ),

  attack(
    'T12',
    'other bytes of the same length',
    { status: 400, code: 'BadDigest' },
    file({ value: OTHER_FILE }),
    withSha256
  ),
  attack(
    'T12',
    'the checksum of other bytes',
    denied,
    both(
      file({ value: OTHER_FILE }),
      set('x-amz-checksum-sha256', createHash('sha256').update(OTHER_FILE).digest('base64'))
    ),
    withSha256
  ),
  attack('T12', 'no checksum', denied, remove('x-amz-checksum-sha256'), withSha256)
]
