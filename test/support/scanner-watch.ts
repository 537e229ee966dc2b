// The scanner's other half: what can only be seen while it happens.

import type { Sql } from 'postgres'

import type { Sandbox } from '../../src/dev/sandbox/server.ts'

/**
 * Records from now on who breaks I2 (bytes at a key of avatars/ never change) or I3 (nothing that
 * is referenced is deleted). It is made of rules: misbehave.clear() would end it.
 */
export function watch({ misbehave, door }: Sandbox, sql: Sql, bucket: string) {
  const violations: string[] = []
  const written = new Map<string, string>()

  const lookAtWrite = async ({ verb, key }: { verb: string; key: string }) => {
    const stored = key.startsWith('avatars/') && (await door.get(bucket, key))
    if (!stored) return
    const now = `${stored.etag} of ${stored.lastModifiedMs}`
    const before = written.get(key)
    if (verb !== 'CopyObject') violations.push(`I2: ${verb} wrote ${key}`)
    if (before && before !== now) violations.push(`I2: ${key} was ${before}, now is ${now}`)
    written.set(key, now)
  }
  for (const verb of ['PutObject', 'PostObject', 'CopyObject'] as const) {
    misbehave.after(verb, lookAtWrite)
  }

  const lookAtDelete = async () => {
    const present = new Set(door.list(bucket, 'avatars/'))
    const users = await sql`select id, avatar_key from users where avatar_key is not null`
    return { present, users }
  }
  for (const verb of ['DeleteObject', 'DeleteObjects'] as const) {
    misbehave.add(
      verb,
      deletion(lookAtDelete, (sentence) => void violations.push(sentence))
    )
  }
  return { violations }
}

type Look = () => Promise<{ present: Set<string>; users: Record<string, string>[] }>

// A deletion is decided before it is asked for: what was referenced when it arrived must stay.
function deletion(look: Look, tell: (sentence: string) => void) {
  const earlier = new WeakMap<object, Awaited<ReturnType<Look>>>()
  return {
    before: async (call: object) => void earlier.set(call, await look()),
    after: async (call: object) => {
      const [before, now] = [earlier.get(call)!, await look()]
      for (const { id, avatar_key } of [...before.users, ...now.users]) {
        const isGone = before.present.has(avatar_key!) && !now.present.has(avatar_key!)
        if (isGone) tell(`I3: ${avatar_key} was deleted, the avatar of ${id}`)
      }
    }
  }
}
