// Attacks on where the bytes go: other keys, other buckets, keys made of the file's name.

import {
  type Attack,
  attack,
  below,
  both,
  denied,
  FILENAME,
  file,
  IN_STAGING,
  is,
  LIVE_KEY,
  NEIGHBOUR_KEY,
  remove,
  set,
  type Target,
  unstorable
} from './attacks-blocks.ts'

export const keys: Attack[] = [
  attack(
    'T01',
    'a sibling of the key',
    denied,
    set('key', (key) => `${key}x`)
  ),
  attack(
    'T01',
    'a prefix of the key',
    denied,
    set('key', (key) => key.slice(0, -1))
  ),
  attack(
    'T01',
    'the key in capitals',
    denied,
    set('key', (key) => key.toUpperCase())
  ),
  attack(
    'T01',
    'the key with a slash before it',
    denied,
    set('key', (key) => `/${key}`)
  ),
  attack(
    'T01',
    'the key with a slash after it',
    denied,
    set('key', (key) => `${key}/`)
  ),
  attack(
    'T01',
    'the key with a space after it',
    denied,
    set('key', (key) => `${key} `)
  ),
  attack(
    'T01',
    'the key with a line break after it',
    denied,
    set('key', (key) => `${key}\n`)
  ),
  attack(
    'T01',
    'the key with a null byte after it',
    denied,
    set('key', (key) => `${key}\0.html`)
  ),
  attack(
    'T01',
    'the key with two slashes',
    denied,
    set('key', (key) => key.replace('/', '//'))
  ),
  attack(
    'T01',
    'the key percent-encoded',
    denied,
    set('key', (key) => key.replace('/', '%2F'))
  ),
  attack('T01', 'a live key', denied, set('key', LIVE_KEY)),
  attack('T01', 'a live key by traversal', denied, set('key', `staging/../${LIVE_KEY}`)),
  attack(
    'T01',
    'the key by traversal',
    denied,
    set('key', (key) => `x/../${key}`)
  ),
  attack('T01', 'somebody else’s staging key', denied, set('key', NEIGHBOUR_KEY)),
  unstorable('T01', 'an empty key', denied, set('key', '')),
  unstorable('T01', 'no key', denied, remove('key')),
  unstorable('T01', 'a key of 1025 bytes', denied, set('key', 'k'.repeat(1025))),
  attack('T01', 'another bucket', denied, (form, { bucket, otherBucket }) => {
    form.url = form.url.replace(bucket, otherBucket)
  }),
  attack('T01', 'another bucket, in the form too', denied, (form, { bucket, otherBucket }, key) => {
    form.url = form.url.replace(bucket, otherBucket)
    return set('bucket', otherBucket)(form, { bucket, otherBucket } as Target, key)
  }),
  attack('T01', 'another bucket, in the form only', denied, (form, target, key) =>
    set('bucket', target.otherBucket)(form, target, key)
  ),
  unstorable('T01', 'the key as the URL’s path', { status: 403, code: 'AccessDenied' }, (form) => {
    form.url = `${form.url.replace(/\/$/, '')}/${LIVE_KEY}`
  }),
  attack('T01', 'a key outside the prefix signed', denied, set('key', LIVE_KEY), below),
  attack(
    'T01',
    'the prefix signed, less its slash',
    denied,
    set('key', (key) => key.split('/${')[0]!),
    below
  ),

  attack(
    'T02',
    'a key that takes the file’s name',
    denied,
    both(set('key', IN_STAGING), file({ filename: 'x' }))
  ),
  attack(
    'T02',
    'a file’s name that climbs',
    denied,
    both(set('key', IN_STAGING), file({ filename: `../${LIVE_KEY}` }))
  ),
  attack(
    'T02',
    'a type that takes the file’s name',
    denied,
    both(set('Content-Type', FILENAME), file({ filename: 'image/svg+xml' }))
  ),
  attack('T02', 'a file’s name that completes the signed key', 'harmless', (form, _target, key) => {
    form.parts.find(is('key'))!.value = IN_STAGING
    form.parts.find(is('file'))!.filename = key.slice('staging/'.length)
  })
]
