// Where each statement stands, told by words that no statement before it in this list has.

const places: [where: string, ...words: string[]][] = [
  ['src/routes/health.ts', 'to_regclass'],
  ['src/janitor/label.ts', '"installation"'],
  [
    'src/db/schema.ts: the foreign key, when an avatar is set',
    'SELECT 1 FROM ONLY "public"."objects"'
  ],
  [
    'src/db/schema.ts: the foreign key, when an object changes',
    'SELECT 1 FROM ONLY "public"."users"'
  ],
  ['migrations: was_erased()', 'EXISTS', '"owner"'],
  ['migrations: commit_upload(), the user', '"avatar_key" ', '"owner"', 'FOR UPDATE'],
  ['migrations: commit_upload(), the upload', 'FROM "uploads"', '= "upload"'],
  ['migrations: commit_upload(), the object', 'SET "verified_at"'],
  ['migrations: commit_upload(), the upload', 'SET "confirmed_at" = "at"'],
  ['migrations: commit_upload(), the user', 'SET "avatar_key" = "object"'],
  ['migrations: commit_upload(), the object before', 'SET "discarded_at" = "at"'],
  ['src/uploads/commit.ts', 'commit_upload('],
  ['migrations: count_open_uploads()', '"owner"'],
  ['src/uploads/create.ts', 'insert into uploads'],
  ['src/uploads/create.ts: why it was refused', 'was_erased('],
  ['src/uploads/claim.ts', 'insert into objects'],
  ['src/uploads/claim.ts: taken back', 'delete from "objects"'],
  ['src/uploads/settled.ts', 'left join "users"'],
  ['src/uploads/reject.ts', 'update "uploads"', '"reasons" ='],
  ['src/avatars/remove.ts', 'from "users"', 'for update'],
  ['src/avatars/remove.ts', 'update "users"', '"avatar_key" ='],
  ['src/avatars/discard.ts', 'update "objects"', 'clock_timestamp()'],
  ['src/uploads/abort.ts', 'update "uploads"', '"discarded_at" = now()', 'returning "id"'],
  ['src/uploads/read.ts', '"uploads"', 'select "id", case'],
  ['src/avatars/read.ts', 'as asked(id)'],
  ['src/users/erase.ts: the row', 'insert into "users"'],
  ['src/users/erase.ts: uploads', 'update "uploads" set "discarded_at" = now()'],
  ['src/users/erase.ts: objects', 'update "objects"', 'coalesce(discarded_at'],
  ['src/janitor/purge.ts: claim uploads', 'with due', 'update "uploads"'],
  ['src/janitor/purge.ts: claim objects', 'with due', 'update "objects"'],
  ['src/janitor/purge.ts: settle', '"purged_at" = now()'],
  ['src/janitor/forget.ts: uploads', 'delete from uploads'],
  ['src/janitor/forget.ts: objects', 'delete from objects'],
  ['src/janitor/forget.ts: users whose tombstones are over', 'order by erased_at'],
  ['src/janitor/forget.ts: their locks', 'pg_advisory_xact_lock', 'from users'],
  ['src/janitor/forget.ts: their rows', 'delete from users'],
  ['src/janitor/forget.ts: who came back', 'erased_at = null'],
  ['src/users/erase.ts, count_open_uploads(): the lock', 'pg_advisory_xact_lock'],
  ['src/janitor/walk.ts: take', 'insert into "walks"'],
  ['src/janitor/walk.ts: step', 'update "walks"', '"listed" ='],
  ['src/janitor/walk.ts: leave', 'update "walks"'],
  ['src/janitor/strays.ts: what rows know', 'as listed(key)'],
  ['src/janitor/strays.ts: the clock', 'extract(epoch from now())'],
  ['src/janitor/dangling.ts: who refers to a page', 'as "userId"'],
  ['src/janitor/dangling.ts: a second look', 'select from users']
]

/** Undefined for a statement that is not in the list. */
export const placeOf = (statement: string) =>
  places.find(([, ...words]) => words.every((word) => statement.includes(word)))?.[0]
