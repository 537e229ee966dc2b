// The three tables, and the foreign key by which Postgres itself guards a user's avatar.

import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  unique
} from 'drizzle-orm/pg-core'

import type { Reason } from '../reasons.ts'

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
    )
  },
  (table) => [
    // The guard: a reference needs an object of this very user that is verified and not discarded.
    foreignKey({
      name: 'users_avatar_is_live',
      columns: [table.avatarKey, table.id, table.avatarLive],
      foreignColumns: [objects.key, objects.userId, objects.live]
    }),
    // Postgres looks here whenever an object is discarded or deleted, to see who still refers to it.
    index('users_avatar_key').on(table.avatarKey).where(sql`avatar_key is not null`)
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
    purgedAt: time('purged_at')
  },
  (table) => [
    check('uploads_id', sql`${table.id} ~ '^[0-9a-f]{32}$'`),
    check('uploads_one_outcome', sql`confirmed_at is null or discarded_at is null`),
    check('uploads_confirmed_object', sql`(confirmed_at is null) = (object_key is null)`),
    check('uploads_rejected_discarded', sql`reasons is null or discarded_at is not null`),
    index('uploads_open')
      .on(table.userId)
      .where(sql`confirmed_at is null and discarded_at is null`),
    index('uploads_overdue')
      .on(table.expiresAt)
      .where(sql`confirmed_at is null and discarded_at is null`),
    index('uploads_due').on(table.purgeAfter).where(sql`purged_at is null`)
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
    index('objects_of_upload').on(table.uploadId)
  ]
)
