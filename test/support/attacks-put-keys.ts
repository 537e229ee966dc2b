// Attacks on where a PUT goes: other keys, other buckets, other ways to write a path.

import {
  type Attack,
  attack,
  both,
  forged,
  header,
  LIVE_KEY,
  NEIGHBOUR_KEY,
  place,
  unstorable
} from './attacks-put-blocks.ts'

const paths: Record<string, (path: string, key: string) => string> = {
  'a sibling of the key': (path) => `${path}x`,
  'a prefix of the key': (path) => path.slice(0, -1),
  'the key in capitals': (path, key) => path.replace(key, key.toUpperCase()),
  'the key with a slash before it': (path, key) => path.replace(key, `/${key}`),
  'the key with a slash after it': (path) => `${path}/`,
  'the key with a space after it': (path) => `${path}%20`,
  'the key with a line break after it': (path) => `${path}%0A`,
  'the key with a null byte after it': (path) => `${path}%00.html`,
  'the key with a question mark after it': (path) => `${path}%3Fx`,
  'the key with a backslash': (path) => path.replace('staging/', 'staging%5C'),
  'the key with two slashes': (path) => path.replace('staging/', 'staging//'),
  'the key percent-encoded twice': (path) => path.replace('staging/', 'staging%252F'),
  'the key by traversal': (path, key) => path.replace(key, `x/../${key}`),
  'the key by a dot': (path, key) => path.replace(key, `./${key}`),
  'a live key': (path, key) => path.replace(key, LIVE_KEY),
  'a live key by traversal': (path, key) => path.replace(key, `staging/../${LIVE_KEY}`),
  'a live key by encoded dots': (path, key) => path.replace(key, `staging/%2E%2E/${LIVE_KEY}`),
  'a live key by an encoded traversal': (path, key) =>
    path.replace(key, `staging%2F..%2F${LIVE_KEY}`),
  'somebody else’s staging key': (path, key) => path.replace(key, NEIGHBOUR_KEY)
}

export const keys: Attack[] = [
  ...Object.entries(paths).map(([name, edit]) => attack('T01', name, forged, place(edit))),
  attack(
    'T01',
    'another bucket',
    forged,
    place((path, _key, { bucket, otherBucket }) => path.replace(bucket, otherBucket))
  ),
  attack(
    'T01',
    'another bucket by traversal',
    forged,
    place((path, _key, { bucket, otherBucket }) =>
      path.replace(bucket, `${bucket}/../${otherBucket}`)
    )
  ),
  unstorable(
    'T01',
    'another bucket by the name of the host',
    forged,
    both(
      place((_path, key) => `/${key}`),
      (put, target, key) => {
        const host = `${target.otherBucket}.${new URL(target.endpoint).host}`
        return header('host', host)(put, target, key)
      }
    )
  ),
  unstorable(
    'T01',
    'a key of 1025 bytes',
    { status: 400, code: 'KeyTooLongError' },
    place((path, key) => path.replace(key, 'k'.repeat(1025)))
  ),
  unstorable(
    'T01',
    'the bucket itself',
    forged,
    place((_path, _key, { bucket }) => `/${bucket}`)
  ),
  unstorable(
    'T01',
    'a bucket to be made',
    forged,
    place((_path, _key, { bucket }) => `/${bucket}-3`)
  ),
  attack(
    'T02',
    'a key that takes a file’s name',
    forged,
    place((path, key) => path.replace(key, `staging/$%7Bfilename%7D`))
  ),
  attack(
    'T08',
    'the key with a letter percent-encoded',
    'harmless',
    place((path) => path.replace('staging', '%73taging'))
  ),
  attack(
    'T08',
    'the key with its slash percent-encoded',
    'harmless',
    place((path) => path.replace('staging/', 'staging%2F'))
  )
]
