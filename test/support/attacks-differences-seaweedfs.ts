// Where SeaweedFS 3.39 answers an attack on a PUT otherwise than the sandbox, and why.

import type { Difference } from './attacks-differences.ts'

const all = (attacks: string[], difference: Omit<Difference, 'attack'>): Difference[] =>
  attacks.map((attack) => ({ attack, ...difference }))

const refuses: Difference[] = [
  ...all(
    [
      'no type',
      'a type in the query',
      'a used grant without its condition',
      'a used grant that overwrites',
      'no condition',
      'no checksum',
      'a checksum in the query',
      'a checksum of another kind in its place',
      'no host said to be signed'
    ],
    { status: 400, code: 'AccessDenied', because: 'it says 400 when a signed header is missing' }
  ),
  ...all(['the key with a line break after it', 'the bucket itself'], {
    ...{ status: 409, code: 'BucketAlreadyExists' },
    because: 'it takes that for making the bucket'
  }),
  ...all(['another region', 'another day', 'another service', 'a key of 1025 bytes'], {
    ...{ status: 403, code: 'SignatureDoesNotMatch' },
    because: 'it looks at nothing but the signature'
  }),
  ...all(['POST in place of PUT', 'PATCH in place of PUT'], {
    ...{ status: 405, because: 'it has no such method for an object' }
  }),
  {
    ...{ attack: 'an empty signature', status: 400, code: 'MissingFields' },
    because: 'it has a code of its own for that'
  },
  {
    ...{ attack: 'no algorithm', status: 400, code: 'AuthorizationQueryParametersError' },
    because: 'it has a code of its own for that'
  },
  {
    ...{ attack: 'no credential', status: 403, code: 'AccessDenied' },
    because: 'without one it takes the request for an anonymous one'
  }
]

const FAMILIES = [
  ...['x-amz-acl', 'x-amz-grant-read', 'x-amz-grant-full-control', 'x-amz-tagging'],
  ...['x-amz-storage-class', 'x-amz-website-redirect-location', 'x-amz-object-lock-mode'],
  ...['x-amz-object-lock-retain-until-date', 'x-amz-object-lock-legal-hold'],
  ...['x-amz-server-side-encryption', 'x-amz-server-side-encryption-aws-kms-key-id'],
  ...['x-amz-server-side-encryption-customer-algorithm', 'x-amz-sdk-checksum-algorithm'],
  ...['x-amz-expected-bucket-owner', 'x-amz-request-payer', 'x-amz-date', 'x-amz-anything']
]

// Only the signed key is written, and what lies there is copied without any of this, and verified.
const accepts: Difference[] = [
  ...all(
    [
      ...FAMILIES.flatMap((name) => [`the header ${name}`, `the parameter ${name}`]),
      ...['the header x-amz-meta-role', 'a header of Amazon’s in capitals', 'an empty header'],
      ...['a session token as a header', 'a session token', 'two ends', 'two signatures']
    ],
    { status: 200, because: 'it holds nobody to what was not signed' }
  ),
  ...all(['other bytes by a grant that was used', 'the same bytes by a grant that was used'], {
    ...{ status: 200, because: 'it ignores If-None-Match' }
  }),
  ...all(
    [
      'other bytes of the same length',
      'a checksum of another kind beside it',
      'a checksum that nobody signed',
      'the hash of other bytes as a header',
      'the word for no hash as a header',
      'an MD5 of other bytes'
    ],
    { status: 200, because: 'it compares no checksum; confirm does' }
  ),
  {
    ...{ attack: 'a copy in place of the bytes', status: 200 },
    because: 'it obeys an unsigned x-amz-copy-source: no PUT grants there'
  },
  {
    ...{ attack: 'a password', status: 200 },
    because: 'it passes over the header Authorization when the query is signed'
  }
]

export const seaweedfsPuts = [...refuses, ...accepts]
