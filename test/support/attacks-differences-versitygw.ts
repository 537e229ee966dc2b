// Where VersityGW 1.8 (over a folder) answers an attack otherwise than the sandbox, and why.

import type { Difference } from './attacks-differences.ts'

const early = 'it stumbles over the form before it looks at the policy'
const whole = 'it reads all fields, wherever they are, and holds each to the policy'
const lastWins = 'of several fields of one name it takes the last, which is the signed one'
const unread = 'it has no part of its own for what follows the file, and finds the file too long'
const ownCode = 'it has a status of its own for that'
const otherVerb = 'it takes that for another call before it looks at the signature'

const refusesForms: Difference[] = [
  {
    attack: 'the key with a line break after it',
    status: 400,
    code: 'MalformedPOSTRequest',
    because: early
  },
  ...['an empty key', 'no key', 'no policy'].map((attack) => ({
    ...{ attack, status: 400, code: 'InvalidArgument', because: early }
  })),
  ...[
    'another key that looks like a file',
    'a name with spaces around it',
    'a name with a line break',
    'a part without a disposition'
  ].map((attack) => ({ attack, status: 400, code: 'InvalidArgument', because: early })),
  {
    attack: 'the key as the URL’s path',
    status: 405,
    code: 'MethodNotAllowed',
    because: 'it has no POST for an object'
  },
  {
    attack: 'a file’s name that completes the signed key',
    status: 403,
    code: 'AccessDenied',
    because: `it does not expand \${filename}; Directo never signs it`
  },
  { attack: 'a body without a length', status: 400, code: 'InvalidRequest', because: ownCode },
  ...['a key after the file', 'an ACL after the file'].map((attack) => ({
    ...{ attack, status: 403, code: 'AccessDenied', because: whole }
  })),
  ...['a second file after the first', 'a name in another notation'].map((attack) => ({
    ...{ attack, status: 400, code: 'EntityTooLarge', because: unread }
  })),
  {
    attack: 'a last boundary that opens one more part',
    status: 400,
    code: 'EntityTooSmall',
    because: 'it reads what follows the file, and misses the end'
  },
  ...['no last boundary', 'another boundary than was said'].map((attack) => ({
    ...{ attack, status: 500, code: 'InternalError', because: 'it calls a cut form its own fault' }
  })),
  { attack: 'an unknown access key', status: 404, code: 'XAdminUserNotFound', because: ownCode },
  { attack: 'another day', status: 403, code: 'SignatureDoesNotMatch', because: ownCode },
  {
    attack: 'a signature of version 2',
    status: 403,
    code: 'AccessDenied',
    because: 'to it this is one more field that no condition names'
  }
]

const acceptsForms: Difference[] = [
  {
    attack: 'another bucket, in the form only',
    because: 'it compares the condition with the URL’s bucket only, and that one was signed'
  },
  { attack: 'a second key before the first', because: lastWins },
  { attack: 'the same key twice', because: lastWins },
  ...['a second key in odd case', 'another policy before the right one'].map((attack) => ({
    attack,
    sometimes: true as const,
    because: 'of two names that differ in case it takes either, and the wrong one is refused'
  })),
  { attack: 'the file before all fields', because: whole },
  { attack: 'the key after the file only', because: whole },
  { attack: 'fields beyond 20 KB', because: 'it has no such limit, and ignores x-ignore-*' }
].map((difference) => ({ ...difference, status: 204 }))

const refusesPuts: Difference[] = [
  {
    attack: 'another bucket by traversal',
    status: 400,
    because: 'its HTTP server refuses such a path'
  },
  { attack: 'a key of 1025 bytes', status: 403, code: 'SignatureDoesNotMatch', because: ownCode },
  {
    attack: 'a form to the bucket',
    status: 400,
    sometimes: true,
    because: 'seen once in some forty runs, on a busy machine; the cause is not known'
  },
  {
    attack: 'the subresource partNumber',
    status: 400,
    code: 'InvalidArgument',
    because: otherVerb
  },
  ...['the subresource uploadId', 'POST in place of PUT', 'PATCH in place of PUT'].map(
    (attack) => ({
      ...{ attack, status: 405, code: 'MethodNotAllowed', because: otherVerb }
    })
  ),
  { attack: 'two ends', status: 403, code: 'SignatureDoesNotMatch', because: 'it takes the last' },
  ...['an empty signature', 'no algorithm'].map((attack) => ({
    ...{ attack, status: 400, code: 'AuthorizationQueryParametersError', because: ownCode }
  })),
  { attack: 'an unknown access key', status: 404, code: 'XAdminUserNotFound', because: ownCode }
]

const acceptsPuts: Difference[] = [
  {
    attack: 'the same type twice',
    because: 'it takes one of the two headers; both say what was signed'
  },
  { attack: 'two signatures', because: 'it takes the first, which is the right one' },
  ...['a second way of signing', 'a password'].map((attack) => ({
    ...{ attack, because: 'it ignores the header where the query is signed' }
  }))
].map((difference) => ({ ...difference, status: 200 }))

export const versitygwForms = [...refusesForms, ...acceptsForms]
export const versitygwPuts = [...refusesPuts, ...acceptsPuts]
