// What the database knows of the bucket in sums: an account that instances keep together.

import { setTimeout as sleep } from 'node:timers/promises'

import { statement } from '../db/statement.ts'
import type { Deps } from '../deps.ts'

/** Objects and bytes are what was declared or verified; a grant that nobody used counts as well. */
export interface Usage {
  openUploads: number
  /** What a user's row points at. */
  live: Amount
  /** What grants and confirms may have left in `staging/`. */
  staged: Amount
  /** In `avatars/`, but nobody's any more, or not yet anybody's. */
  unreferenced: Amount
  /** Objects that are due, and for how long the oldest is. */
  due: number
  oldestDueSeconds: number
  /** Users whose picture the last walk through the bucket missed; null before the first. */
  dangling: number | null
  /** When that walk ended, in seconds since 1970. */
  walkedAt: number | null
  /** When all this was summed up, in seconds since 1970. */
  computedAt: number
}

interface Amount {
  objects: number
  bytes: number
}

const LEAST_SECONDS = 15
const SHARE = 100 // of the time, in which one connection at most sums up
const PATIENCE_MS = 500 // longer, and what was known before is worth more

/**
 * The account as it stands. When it is old, whoever asks first sums up anew, so that all instances
 * together spend a hundredth of the time with it, however large the tables are. Where that takes long,
 * or fails, the account is the one from before: `computedAt` says how old it is.
 */
export async function readUsage({
  db,
  config
}: Pick<Deps, 'db' | 'config'>): Promise<Usage | null> {
  // Should it fail, or its process die, others have it to do when this is over.
  const [mine] = await take(db, (SHARE * config.databaseDeadlineMs) / 1000)
  if (mine) await Promise.race([sumUp(db).catch(() => {}), sleep(PATIENCE_MS)])
  const [account] = await read(db)
  return account?.facts ? { ...JSON.parse(account.facts), computedAt: account.at } : null
}

async function sumUp(db: Deps['db']) {
  const beganAt = performance.now()
  const [sum] = await sums(db)
  const restSeconds = (SHARE * (performance.now() - beganAt)) / 1000
  await write(db, sum!.facts, Math.max(LEAST_SECONDS, restSeconds))
}

const take = statement<object>(
  'take_usage',
  'update usage set due_at = now() + make_interval(secs => $1::float) where due_at <= now() returning 1'
)

// By the indexes of what is not purged yet, but for the live ones: these are read one and all. A walk
// that has begun anew has not found yet what the last one found.
const sums = statement<{ facts: string }>(
  'sum_usage',
  `with staged as (
    select count(*) as objects, coalesce(sum(size_bytes), 0) as bytes,
      count(*) filter (where confirmed_at is null and discarded_at is null and expires_at > now()) as open,
      count(*) filter (where purge_after <= now()) as due,
      min(purge_after) as first
    from uploads where purged_at is null
  ), unreferenced as (
    select count(*) as objects, coalesce(sum(size_bytes), 0) as bytes,
      count(*) filter (where purge_after <= now()) as due,
      min(purge_after) as first
    from objects where purged_at is null and purge_after is not null and not live
  ), live as (
    select count(*) as objects, coalesce(sum(size_bytes), 0) as bytes from objects where live
  ), walk as (
    select ended_at, dangling from walks where name in ('janitor avatars/', 'reconcile avatars/')
    order by begun_at desc limit 1
  )
  select json_build_object(
    'openUploads', staged.open,
    'live', json_build_object('objects', live.objects, 'bytes', live.bytes),
    'staged', json_build_object('objects', staged.objects, 'bytes', staged.bytes),
    'unreferenced', json_build_object('objects', unreferenced.objects, 'bytes', unreferenced.bytes),
    'due', staged.due + unreferenced.due,
    'oldestDueSeconds', greatest(0, extract(epoch from now() - least(staged.first, unreferenced.first))),
    'dangling', case when walk.ended_at is null
      then greatest(walk.dangling, (usage.facts->>'dangling')::bigint) else walk.dangling end,
    'walkedAt', coalesce(extract(epoch from walk.ended_at), (usage.facts->>'walkedAt')::float)
  )::text as facts
  from staged, unreferenced, live, usage left join walk on true`
)

const write = statement<object>(
  'write_usage',
  `update usage set facts = $1::text::jsonb, computed_at = now(),
    due_at = now() + make_interval(secs => $2::float)`
)

const read = statement<{ facts: string | null; at: number }>(
  'read_usage',
  'select facts::text, extract(epoch from computed_at)::float as at from usage'
)
