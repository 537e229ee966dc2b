// Where Ceph RGW 16 answers an attack on a PUT otherwise than the sandbox, and why.

import type { Difference } from './attacks-differences.ts'

const names = (kind: string, ...names: string[]) => names.map((name) => `the ${kind} ${name}`)
const all = (attacks: string[], difference: Omit<Difference, 'attack'>): Difference[] =>
  attacks.map((attack) => ({ attack, ...difference }))

const refusesPuts: Difference[] = [
  ...all(
    [
      'a life beyond a week',
      'a life without end',
      'no end',
      'no date',
      'no signature',
      'no credential',
      'no headers said to be signed',
      'another algorithm',
      'a second way of signing'
    ],
    { status: 403, code: 'AccessDenied', because: 'it calls every flaw of a query AccessDenied' }
  ),
  ...all(
    [
      'two ends',
      'two signatures',
      'another region',
      'another day',
      'another service',
      'a session token'
    ],
    { status: 403, code: 'SignatureDoesNotMatch', because: 'it looks at nothing but the signature' }
  ),
  ...all(
    names(
      'header',
      'x-amz-storage-class',
      'x-amz-object-lock-mode',
      'x-amz-object-lock-retain-until-date',
      'x-amz-object-lock-legal-hold',
      'x-amz-server-side-encryption',
      'x-amz-server-side-encryption-aws-kms-key-id',
      'x-amz-server-side-encryption-customer-algorithm'
    ),
    { status: 400, because: 'it takes unsigned x-amz-* headers, and this one asks too much' }
  ),
  {
    attack: 'the header x-amz-grant-full-control',
    status: 404,
    because: 'it takes unsigned x-amz-* headers, and there is no such user'
  },
  { attack: 'PATCH in place of PUT', status: 405, because: 'it has no such method' },
  {
    attack: 'the key with a null byte after it',
    status: 400,
    because: 'its HTTP server refuses such a path'
  },
  {
    attack: 'a key of 1025 bytes',
    status: 403,
    because: 'it looks at the signature before it looks at the key'
  },
  {
    attack: 'a used grant with two conditions',
    status: 412,
    because: 'of several headers of one name it takes the last, which is the signed one'
  }
]

const acceptsPuts: Difference[] = [
  ...all(
    [
      ...names(
        'header',
        'x-amz-acl',
        'x-amz-grant-read',
        'x-amz-meta-role',
        'x-amz-tagging',
        'x-amz-website-redirect-location'
      ),
      'a header of Amazon’s in capitals',
      'an empty header'
    ],
    { status: 200, because: 'it takes unsigned x-amz-* headers; the copy keeps none of them' }
  ),
  {
    attack: 'a copy in place of the bytes',
    status: 200,
    because: 'it takes unsigned x-amz-* headers, this one too; confirm looks at what was copied'
  },
  ...all(
    [
      ...names(
        'header',
        'x-amz-sdk-checksum-algorithm',
        'x-amz-expected-bucket-owner',
        'x-amz-request-payer',
        'x-amz-date',
        'x-amz-anything'
      ),
      'a session token as a header',
      'the word for no hash as a header'
    ],
    { status: 200, because: 'it ignores the header, which changes nothing' }
  ),
  ...all(
    [
      'other bytes of the same length',
      'a checksum of another kind beside it',
      'a checksum that nobody signed'
    ],
    { status: 200, because: 'it ignores x-amz-checksum-*; confirm compares the bytes' }
  ),
  {
    attack: 'the same type twice',
    status: 200,
    because: 'of several headers of one name it takes the last, which is the signed one'
  }
]

export const cephPuts = [...refusesPuts, ...acceptsPuts]
