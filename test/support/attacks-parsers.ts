// Attacks on how a form is read: twice the same, odd case, odd order, odd ends.

import {
  type Attack,
  add,
  attack,
  both,
  denied,
  forged,
  form,
  invalid,
  is,
  LIVE_KEY,
  malformed,
  OTHER_FILE,
  remove,
  rename,
  set,
  tooSmall,
  unstorable
} from './attacks-blocks.ts'

export const parsers: Attack[] = [
  attack('T08', 'a second key after the first', denied, add('key', LIVE_KEY)),
  attack('T08', 'a second key before the first', denied, add('key', LIVE_KEY, 'first')),
  attack('T08', 'the same key twice', denied, (form, target, key) =>
    add('key', key)(form, target, key)
  ),
  attack('T08', 'a second key in odd case', denied, add('KEY', LIVE_KEY)),
  attack('T08', 'the key in odd case', 'harmless', rename('key', 'KEY')),
  attack('T08', 'the policy in odd case', 'harmless', rename('Policy', 'pOLICY')),
  attack(
    'T08',
    'another policy before the right one',
    forged,
    add(
      'policy',
      Buffer.from('{"expiration":"2099-01-01T00:00:00Z","conditions":[]}').toString('base64'),
      'first'
    )
  ),
  attack('T08', 'a key after the file', 'harmless', add('key', LIVE_KEY, 'after file')),
  attack('T08', 'an ACL after the file', 'harmless', add('acl', 'public-read', 'after file')),
  attack(
    'T08',
    'a second file after the first',
    'harmless',
    ({ parts }) => void parts.push({ name: 'file', value: OTHER_FILE, filename: 'b.png' })
  ),
  attack(
    'T08',
    'a small file before the right one',
    tooSmall,
    ({ parts }) => void parts.splice(-1, 0, { name: 'file', value: 'x', filename: 'a.png' })
  ),
  unstorable(
    'T08',
    'the file before all fields',
    denied,
    ({ parts }) => void parts.unshift(parts.pop()!)
  ),
  unstorable(
    'T08',
    'the key after the file only',
    denied,
    ({ parts }) => void parts.push(...parts.splice(parts.findIndex(is('key')), 1))
  ),
  unstorable('T08', 'no file', invalid, remove('file')),
  attack('T08', 'another key that looks like a file', denied, ({ parts }) => {
    Object.assign(parts.find(is('key'))!, { value: LIVE_KEY, filename: 'x' })
  }),
  unstorable(
    'T08',
    'a name with spaces around it',
    denied,
    both(set('key', LIVE_KEY), rename('key', ' key '))
  ),
  attack(
    'T08',
    'a name with a line break',
    denied,
    both(set('key', LIVE_KEY), rename('key', 'key\r\nx: y'))
  ),
  unstorable('T08', 'a name in another notation', denied, ({ parts }) => {
    const headers = "Content-Disposition: form-data; name*=utf-8''key"
    Object.assign(parts.find(is('key'))!, { value: LIVE_KEY, headers })
  }),
  unstorable('T08', 'a part without a disposition', denied, ({ parts }) => {
    const headers = 'Content-Type: text/plain'
    Object.assign(parts.find(is('key'))!, { value: LIVE_KEY, headers })
  }),
  unstorable('T08', 'boundaries that end in a line feed only', malformed, form({ lineEnd: '\n' })),
  attack('T08', 'a last boundary that opens one more part', 'harmless', form({ ending: '' })),
  unstorable('T08', 'no last boundary', malformed, form({ ending: null })),
  unstorable(
    'T08',
    'another boundary than was said',
    malformed,
    form({ headers: { 'content-type': 'multipart/form-data; boundary=x' } })
  ),
  unstorable(
    'T08',
    'no boundary said',
    malformed,
    form({ headers: { 'content-type': 'multipart/form-data' } })
  ),
  unstorable(
    'T08',
    'a form that is none',
    { status: 412, code: 'PreconditionFailed' },
    form({ headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  ),
  unstorable(
    'T08',
    'fields beyond 20 KB',
    { status: 400, code: 'MaxPostPreDataLengthExceeded' },
    add('x-ignore-padding', 'x'.repeat(21_000))
  ),
  unstorable('T08', 'a PUT of the form', denied, form({ method: 'PUT' }))
]
