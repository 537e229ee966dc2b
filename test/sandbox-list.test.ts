// ListObjectsV2 against a plain model of it: prefixes, delimiters, pages, encodings.

import { ListObjectsV2Command, type ListObjectsV2CommandInput } from '@aws-sdk/client-s3'
import t from 'tap'

import { BUCKET, sendSigned, startTestSandbox } from './support/sandbox.ts'

const KEYS = [
  'a',
  'a/',
  'a/1',
  'a/2',
  'a/b/1',
  'a/b/2',
  'b',
  'b//1',
  'c/1',
  'ü',
  '\u{1f600}',
  '\uffee'
]

t.test('listing', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  for (const key of KEYS.toReversed()) await sandbox.door.put(BUCKET, key, key)
  const inOrder = KEYS.map((key) => Buffer.from(key)).sort(Buffer.compare)
  const list = async (input: Partial<ListObjectsV2CommandInput>) => {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, ...input }))
    const keys = (page.Contents ?? []).map(({ Key }) => Key)
    return { ...page, keys, prefixes: (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix) }
  }

  t.test('is in the order of UTF-8 bytes, not of UTF-16', async (t) => {
    t.same((await list({})).keys, inOrder.map(String))
    t.ok(KEYS.indexOf('\u{1f600}') < KEYS.indexOf('\uffee'), 'where JavaScript has it')
  })

  t.test('folds at a delimiter', async (t) => {
    const root = await list({ Delimiter: '/' })
    t.same(root.keys, ['a', 'b', 'ü', '\uffee', '\u{1f600}'])
    t.same(root.prefixes, ['a/', 'b/', 'c/'])
    t.match(root, { Delimiter: '/', KeyCount: 8, IsTruncated: false })
    const below = await list({ Delimiter: '/', Prefix: 'a/' })
    t.same([below.keys, below.prefixes], [['a/', 'a/1', 'a/2'], ['a/b/']])
    const long = await list({ Delimiter: '/b/' })
    t.same(long.prefixes, ['a/b/'])
  })

  t.test('starts after a key', async (t) => {
    t.same((await list({ StartAfter: 'a/2', Prefix: 'a/' })).keys, ['a/b/1', 'a/b/2'])
    t.same((await list({ StartAfter: 'a/', Delimiter: '/', Prefix: 'a' })).prefixes, [])
    t.same((await list({ StartAfter: '\u{1f600}' })).keys, [])
    t.equal((await list({ StartAfter: 'b' })).StartAfter, 'b')
  })

  t.test('goes on after the last key of a page, whether it is still there or not', async (t) => {
    for (const Prefix of ['', 'a', 'a/b', 'ü', '\uffee', '\u{1f600}', 'zz']) {
      const wanted = inOrder.map(String).filter((key) => key.startsWith(Prefix))
      for (let MaxKeys = 1; MaxKeys <= 3; MaxKeys += 1) {
        const found: (string | undefined)[] = []
        for (let isTruncated: boolean | undefined = true; isTruncated; ) {
          const page = await list({ Prefix, MaxKeys, StartAfter: found.at(-1) })
          isTruncated = page.IsTruncated
          found.push(...page.keys)
          for (const key of page.keys) sandbox.door.delete(BUCKET, key!)
        }
        t.same(found, wanted)
        for (const key of wanted) await sandbox.door.put(BUCKET, key, key)
      }
    }
  })

  t.test('pages the same, however small the pages', async (t) => {
    for (const input of [
      {},
      { Delimiter: '/' },
      { Prefix: 'a/', Delimiter: '/' },
      { Prefix: 'a' }
    ]) {
      const whole = await list(input)
      for (let MaxKeys = 1; MaxKeys <= 4; MaxKeys += 1) {
        const found = { keys: [] as unknown[], prefixes: [] as unknown[] }
        let ContinuationToken: string | undefined
        do {
          const page = await list({ ...input, MaxKeys, ContinuationToken })
          t.ok(page.KeyCount! <= MaxKeys && page.MaxKeys === MaxKeys)
          found.keys.push(...page.keys)
          found.prefixes.push(...page.prefixes)
          ContinuationToken = page.NextContinuationToken
          t.equal(page.IsTruncated, ContinuationToken !== undefined)
        } while (ContinuationToken)
        t.same(found, { keys: whole.keys, prefixes: whole.prefixes })
      }
    }
    t.match(await list({ MaxKeys: 0 }), { KeyCount: 0, IsTruncated: false })
    t.equal((await list({ MaxKeys: 5000 })).MaxKeys, 1000)
  })

  t.test('goes on after a key that has gone meanwhile', async (t) => {
    const { NextContinuationToken: ContinuationToken } = await list({ MaxKeys: 3 })
    sandbox.door.delete(BUCKET, 'a/1')
    t.equal((await list({ MaxKeys: 1, ContinuationToken })).keys[0], 'a/2')
    await sandbox.door.put(BUCKET, 'a/1', 'x')
  })

  t.test('encodes keys when asked to', async (t) => {
    const page = await list({ EncodingType: 'url', Prefix: 'ü', StartAfter: 'a b' })
    t.match(page, { EncodingType: 'url', keys: ['%C3%BC'], Prefix: '%C3%BC', StartAfter: 'a%20b' })
  })

  t.test('refuses what makes no sense', async (t) => {
    const refused = { name: 'InvalidArgument' }
    await t.rejects(list({ ContinuationToken: 'nonsense' }), refused)
    await t.rejects(list({ MaxKeys: -1 }), refused)
    await t.rejects(list({ EncodingType: 'base64' as 'url' }), refused)
    const first = await sendSigned(sandbox, { method: 'GET', path: `/${BUCKET}?list-type=1` })
    t.match(first, { status: 501 })
    t.match(await sendSigned(sandbox, { method: 'GET', path: `/${BUCKET}` }), { status: 501 })
  })
})
