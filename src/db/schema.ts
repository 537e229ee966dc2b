// The tables, and the foreign key by which Postgres itself guards a user's avatar.

import type { Reason } from '../reasons.ts'
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  sql,
  text,
  timestamp,
  unique
} from './drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })
const bytes = (name: string) => bigint(name, { mode: 'number' })

/** One row per user we have met; `avatarKey` is the only reference that makes an object visible. */
export const users = pgTable(
  'users',
  {
    id: text().primaryKey(),
    createdAt: time('created_at').notNull().defaultNow(),
    avatarKey: text('avatar_key'),
    avatarLive: boolean('avatar_live').generatedAlwaysAs(
      sql`case when avatar_key is not null then true end`
    ),
    /** Tokens issued before it are void; the row goes when nothing of theirs is left. */
    erasedAt: time('erased_at')
  },
  (table) => [
    // The guard: a reference needs an object of this very user that is verified and not discarded.
    foreignKey({
      name: 'users_avatar_is_live',
      columns: [table.avatarKey, table.id, table.avatarLive],
      foreignColumns: [objects.key, objects.userId, objects.live]
    }),
    // In S3's order, so that reconcile can walk it beside a listing of avatars/.
    index('users_avatar_key').on(sql`avatar_key collate "C"`).where(sql`avatar_key is not null`),
    index('users_erased').on(table.erasedAt).where(sql`erased_at is not null`)
  ]
)

/**
 * What a client declared and what came of it. Times are facts; the states are derived in
 * uploads/state.ts. No foreign key to users: an erased user's rows stay until the bytes are gone.
 */
export const uploads = pgTable(
  'uploads',
  {
    id: text().primaryKey(),
    userId: text('user_id').notNull(),
    purpose: text().notNull(),
    contentType: text('content_type').notNull(),
    sizeBytes: bytes('size_bytes').notNull(),
    sha256: text(),
    createdAt: time('created_at').notNull().defaultNow(),
    expiresAt: time('expires_at').notNull(),
    confirmedAt: time('confirmed_at'),
    objectKey: text('object_key'),
    reasons: jsonb().$type<Reason[]>(),
    discardedAt: time('discarded_at'),
    purgeAfter: time('purge_after').notNull(),
    purgeAttempts: integer('purge_attempts').notNull().default(0),
    purgedAt: time('purged_at')
  },
  (table) => [
    check('uploads_id', sql`${table.id} ~ '^[0-9a-f]{32}$'`),
    check('uploads_one_outcome', sql`confirmed_at is null or discarded_at is null`),
    check('uploads_confirmed_object', sql`(confirmed_at is null) = (object_key is null)`),
    check('uploads_rejected_discarded', sql`reasons is null or discarded_at is not null`),
    check(
      'uploads_purged_settled',
      sql`purged_at is null or confirmed_at is not null or discarded_at is not null`
    ),
    index('uploads_of_user').on(table.userId).where(sql`purged_at is null`),
    index('uploads_due').on(table.purgeAfter).where(sql`purged_at is null`),
    index('uploads_settled').on(table.purgedAt).where(sql`purged_at is not null`)
  ]
)

/**
 * One row per confirm attempt, written before a byte exists at its key. `purgeAfter` of a row that
 * is neither verified nor discarded is the end of the attempt's lease.
 */
export const objects = pgTable(
  'objects',
  {
    key: text().primaryKey(),
    userId: text('user_id').notNull(),
    uploadId: text('upload_id').notNull(),
    contentType: text('content_type').notNull(),
    sizeBytes: bytes('size_bytes').notNull(),
    width: integer(),
    height: integer(),
    createdAt: time('created_at').notNull().defaultNow(),
    verifiedAt: time('verified_at'),
    discardedAt: time('discarded_at'),
    purgeAfter: time('purge_after'),
    purgeAttempts: integer('purge_attempts').notNull().default(0),
    purgedAt: time('purged_at'),
    live: boolean()
      .notNull()
      .generatedAlwaysAs(sql`verified_at is not null and discarded_at is null`)
  },
  (table) => [
    unique('objects_reference').on(table.key, table.userId, table.live),
    check('objects_key', sql`${table.key} ~ '^avatars/[0-9a-f]{32}$'`),
    check('objects_measured', sql`verified_at is null or (width > 0 and height > 0)`),
    check('objects_purgeable', sql`purge_after is not null or live`),
    check('objects_purged_discarded', sql`purged_at is null or discarded_at is not null`),
    index('objects_due')
      .on(table.purgeAfter)
      .where(sql`purged_at is null and purge_after is not null`),
    index('objects_of_user').on(table.userId).where(sql`purged_at is null`),
    index('objects_settled').on(table.purgedAt).where(sql`purged_at is not null`)
  ]
)

/** How far a walk through a listing has come, so that whoever goes on after a crash need not start anew. */
export const walks = pgTable('walks', {
  /** Who walks and what: `janitor avatars/`. */
  name: text().primaryKey(),
  /** The last key that is done. */
  after: text().notNull().default(''),
  begunAt: time('begun_at').notNull().defaultNow(),
  endedAt: time('ended_at'),
  /** Until when one process has it to itself. */
  heldUntil: time('held_until').notNull(),
  /** Which one: who lost it to another must not write any more. */
  heldBy: text('held_by').notNull().default(''),
  listed: bytes('listed').notNull().default(0),
  strays: bytes('strays').notNull().default(0),
  removed: bytes('removed').notNull().default(0),
  dangling: bytes('dangling').notNull().default(0)
})

/** One row: the name by which a bucket knows the database that it belongs to. */
export const installation = pgTable('installation', {
  id: text().primaryKey().default(sql`gen_random_uuid()`)
})

/** One row: what the tables come to in sums, so that nobody adds up a million rows for each who asks. */
export const usage = pgTable('usage', {
  /** As `janitor/usage.ts` has them; null until somebody has summed up. */
  facts: jsonb(),
  computedAt: time('computed_at'),
  /** When it is to be done again; until then one process has it to itself. */
  dueAt: time('due_at').notNull().defaultNow()
})
