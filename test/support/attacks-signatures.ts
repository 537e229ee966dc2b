// Attacks on the signature: changed, missing, borrowed, of another time or place.

import {
  type Attack,
  attack,
  badCredential,
  both,
  denied,
  forged,
  invalid,
  is,
  LIVE_KEY,
  remove,
  rewritePolicy,
  set,
  signGrant
} from './attacks-blocks.ts'

export const signatures: Attack[] = [
  attack(
    'T09',
    'a policy with another key',
    forged,
    both(
      set('key', LIVE_KEY),
      rewritePolicy(({ conditions }) => {
        conditions.splice(
          conditions.findIndex((one) => 'key' in (one as object)),
          1,
          { key: LIVE_KEY }
        )
      })
    )
  ),
  attack(
    'T09',
    'a policy without conditions',
    forged,
    rewritePolicy((policy) => void policy.conditions.splice(0))
  ),
  attack(
    'T09',
    'a policy with a space after it',
    forged,
    set('Policy', (policy) => `${policy} `)
  ),
  attack('T09', 'a policy that is empty', forged, set('Policy', '')),
  attack('T09', 'a policy of another grant', forged, async ({ parts }, target) => {
    const other = await signGrant(target, LIVE_KEY)
    parts.find(is('Policy'))!.value = other.fields.Policy!
  }),
  attack('T09', 'no policy', denied, remove('Policy')),
  attack(
    'T09',
    'a changed signature',
    forged,
    set('X-Amz-Signature', (was) => was.replace(/^./, (digit) => (digit === '0' ? '1' : '0')))
  ),
  attack('T09', 'an empty signature', forged, set('X-Amz-Signature', '')),
  attack('T09', 'no signature', invalid, remove('X-Amz-Signature')),
  attack('T09', 'no credential', invalid, remove('X-Amz-Credential')),
  attack('T09', 'no date', invalid, remove('X-Amz-Date')),
  attack('T09', 'no algorithm', invalid, remove('X-Amz-Algorithm')),
  attack(
    'T09',
    'another algorithm',
    { status: 400, code: 'InvalidRequest' },
    set('X-Amz-Algorithm', 'AWS4-HMAC-SHA1')
  ),
  attack(
    'T09',
    'an unknown access key',
    { status: 403, code: 'InvalidAccessKeyId' },
    set('X-Amz-Credential', (was) => was.replace(/^[^/]+/, 'mallory'))
  ),
  attack(
    'T09',
    'another region',
    badCredential,
    set('X-Amz-Credential', (was) => was.replace('us-east-1', 'eu-west-1'))
  ),
  attack(
    'T09',
    'another day',
    badCredential,
    set('X-Amz-Credential', (was) => was.replace(/\/\d{8}\//, '/20200101/'))
  ),
  attack(
    'T09',
    'another service',
    badCredential,
    set('X-Amz-Credential', (was) => was.replace('/s3/', '/sqs/'))
  ),
  attack(
    'T09',
    'a signature of version 2',
    { status: 400, code: 'InvalidRequest' },
    ({ parts }) => {
      parts.splice(0, 0, { name: 'AWSAccessKeyId', value: 'x' }, { name: 'signature', value: 'x' })
    }
  ),
  attack('T09', 'no fields but key and file', denied, (form) => {
    form.parts = form.parts.filter((part) => is('key')(part) || is('file')(part))
  })
]
