// Where Ceph RGW 16 answers an attack on a form otherwise than the sandbox, and why.

import type { Difference } from './attacks-differences.ts'

const keyFirst = 'it looks for the key before it looks at the policy'
const uncovered = 'to it this is one more field that no condition names'
const oneCode = 'it calls every flaw of a credential AccessDenied'

const refusesForms: Difference[] = [
  ...[
    'an empty key',
    'no key',
    'the file before all fields',
    'the key after the file only',
    'a name with spaces around it',
    'a name with a line break',
    'a name in another notation',
    'a part without a disposition'
  ].map((attack) => ({ attack, status: 400, code: 'InvalidArgument', because: keyFirst })),
  ...['another region', 'another day', 'another service'].map((attack) => ({
    ...{ attack, status: 403, code: 'AccessDenied', because: oneCode }
  })),
  ...['a session token', 'a signature of version 2'].map((attack) => ({
    ...{ attack, status: 403, code: 'AccessDenied', because: uncovered }
  })),
  {
    attack: 'the field x-amz-storage-class',
    status: 400,
    code: 'InvalidArgument',
    because: 'it looks at the class, which it does not have, before it looks at the policy'
  },
  {
    attack: 'a form that is none',
    status: 400,
    code: 'InvalidArgument',
    because: 'AWS has a 412 of its own for that, which few stores copied'
  },
  {
    attack: 'a last boundary that opens one more part',
    status: 400,
    code: 'InvalidArgument',
    because: 'it reads what follows the file, and misses the end'
  }
]

const trims = 'it drops white space around values: what is stored is what was signed'
const lastWins = 'of several fields of one name it takes the last, which is the signed one'

const acceptsForms: Difference[] = [
  { attack: 'the key with a space after it', because: trims },
  { attack: 'the key with a line break after it', because: trims },
  { attack: 'the type “ image/png”', because: trims },
  { attack: 'a second key before the first', because: lastWins },
  { attack: 'the same key twice', because: lastWins },
  { attack: 'another policy before the right one', because: lastWins },
  {
    attack: 'another bucket, in the form only',
    because: 'it compares the condition with the URL’s bucket only, and that one was signed'
  },
  {
    attack: 'the key as the URL’s path',
    because: 'it passes over the path and takes the form’s key'
  },
  {
    attack: 'a list of types where a prefix is signed',
    because: 'it compares the list as one text; Directo never signs a prefix'
  },
  {
    attack: 'other bytes of the same length',
    because: 'it ignores x-amz-checksum-sha256; confirm compares the bytes'
  },
  {
    attack: 'no last boundary',
    because:
      'it takes the end of the body for the end of the file; the size is checked all the same'
  },
  {
    attack: 'fields beyond 20 KB',
    because: 'it has no such limit, and ignores x-ignore-* as AWS does'
  }
].map((difference) => ({ ...difference, status: 204 }))

export const cephForms = [...refusesForms, ...acceptsForms]
