// The S3 sandbox in a process of its own, which fills itself, notes what it is asked, and can be slow.

import { createHash } from 'node:crypto'

import { environmentOf } from '../src/dev/environment.ts'
import type { Call } from '../src/dev/sandbox/call.ts'
import { startSandbox } from '../src/dev/sandbox/server.ts'
import type { Span } from './measure.ts'
import { offer } from './remote.ts'

const BUCKET = 'backlog'

const sandbox = await startSandbox({ buckets: [BUCKET] })
let undoSlow = () => {}
const deletes = { calls: 0, keys: 0, firstAt: 0, lastAt: 0 }

sandbox.misbehave.add('DeleteObjects', {
  rewrite: (answer) => {
    deletes.calls += 1
    deletes.keys += `${answer.body}`.split('<Key>').length - 1
    deletes.lastAt = Date.now()
    deletes.firstAt ||= deletes.lastAt
    return answer
  }
})

const begun = new WeakMap<Call, number>()
const spans: Span[] = []
sandbox.misbehave.add('*', {
  before: (call) => void begun.set(call, performance.now()),
  after: (call) => void spans.push({ from: begun.get(call)!, to: performance.now() })
})

const functions = {
  environment: () => environmentOf(sandbox, BUCKET),
  /** Puts a tiny object at `avatars/` and the MD5 of the salt and each number. */
  async fill(salt: string, count: number, ageSeconds: number) {
    const options = {
      contentType: 'image/png',
      lastModified: new Date(Date.now() - ageSeconds * 1e3)
    }
    for (let i = 1; i <= count; i++) {
      const name = createHash('md5').update(`${salt}${i}`).digest('hex')
      await sandbox.door.put(BUCKET, `avatars/${name}`, 'x', options)
    }
  },
  /** Puts a tiny object at each key. */
  async place(keys: string[]) {
    for (const key of keys) await sandbox.door.put(BUCKET, key, 'x', { contentType: 'image/png' })
  },
  /** What was asked since the last time. */
  takeDeletes() {
    const taken = { ...deletes }
    Object.assign(deletes, { calls: 0, keys: 0, firstAt: 0, lastAt: 0 })
    return taken
  },
  seenDeletes: () => deletes,
  /** Answers every call so much later; 0 ends it. */
  slow(ms: number) {
    undoSlow()
    if (ms > 0) undoSlow = sandbox.misbehave.delay('*', ms)
  },
  /** When each call of late was being answered. */
  takeSpans: () => spans.splice(0),
  /** Forgets the bytes. */
  empty() {
    for (const prefix of ['staging/', 'avatars/', 'baseline/'])
      for (const key of sandbox.door.list(BUCKET, prefix)) sandbox.door.delete(BUCKET, key)
  },
  count: () => sandbox.door.list(BUCKET, 'avatars/').length
}
export type BucketFunctions = typeof functions

offer(functions)
