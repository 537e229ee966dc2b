// The scanner: whether database and bucket keep the invariants, in one sentence for each that is broken.

import { createHash } from 'node:crypto'

import type { Row, Sql } from 'postgres'

import type { Door } from '../../src/dev/sandbox/door.ts'
import { inspect } from '../../src/images/inspect.ts'
import { objectBytes } from './pictures.ts'

export { watch } from './scanner-watch.ts'

export interface ScanOptions {
  /**
   * The clock was advanced past every bound, and sweep and reconcile ran until nothing was left
   * to do: then nothing may remain but what users rows reference.
   */
  swept?: boolean
  /** Whether the user ever declared and sent these bytes for this upload. */
  sent?: (userId: string, uploadId: string, bytes: Buffer) => boolean
}

/** Looks at everything while nothing runs. [] is clean. */
export async function scan(sql: Sql, door: Door, bucket: string, options: ScanOptions = {}) {
  const state = await read(sql, door, bucket)
  const violations = [
    ...(await referencesHold(state, options)),
    ...oneLive(state),
    ...rowsAgree(state),
    ...erasedStaysErased(state),
    ...(options.swept ? nothingRemains(state) : [])
  ]
  return [...violations, ...(await idleInTransaction(sql))]
}

type State = Awaited<ReturnType<typeof read>>

async function read(sql: Sql, door: Door, bucket: string) {
  const [users, uploads, objects] = await sql.begin(
    'isolation level repeatable read read only',
    async (tx) => [
      await tx`select * from users order by id`,
      await tx`select *, expires_at <= now() as overdue from uploads order by id`,
      await tx`select *, created_at < now() - interval '1 day' as old from objects order by key`
    ]
  )
  return {
    users: users!,
    uploads: uploads!,
    objects: objects!,
    uploadOf: new Map(uploads!.map((upload) => [upload.id, upload])),
    objectOf: new Map(objects!.map((object) => [object.key, object])),
    keys: [...door.list(bucket, 'avatars/'), ...door.list(bucket, 'staging/')],
    stored: (key: string) => door.get(bucket, key)
  }
}

// I1: what a user's row references is there, is theirs, and is what was verified.
async function referencesHold(state: State, { sent }: ScanOptions) {
  const broken: string[] = []
  for (const user of state.users) {
    if (!user.avatar_key) continue
    const says = (what: string) => void broken.push(`I1: avatar of ${user.id}: ${what}`)
    const object = state.objectOf.get(user.avatar_key)
    if (!object) says(`no row for ${user.avatar_key}`)
    else if (object.user_id !== user.id) says(`${object.key} belongs to ${object.user_id}`)
    else if (!object.live) says(`${object.key} is not live`)
    else uploadProblems(state, object).forEach(says)

    const stored = await state.stored(user.avatar_key)
    if (!stored) says(`${user.avatar_key} is not in the bucket`)
    if (!stored || !object) continue
    objectProblems(state, object, stored).forEach(says)
    if (sent && !sent(user.id, object.upload_id, stored.body)) says('bytes they never sent')
  }
  return broken
}

function objectProblems({ uploadOf }: State, object: Row, { headers, body }: Stored) {
  const type = headers['content-type']
  const sha256 = createHash('sha256').update(body).digest('hex')
  const { sha256: declared } = uploadOf.get(object.upload_id) ?? { sha256: null }
  const picture = inspect(objectBytes(body))
  const found = [picture.contentType ?? 'no picture', picture.width, picture.height].join(' ')
  const verified = [object.content_type, object.width, object.height].join(' ')
  const problems = []
  // The only place that no grant can name.
  if (!object.key.startsWith('avatars/')) problems.push(`${object.key} can be overwritten`)
  if (body.length !== Number(object.size_bytes)) problems.push(`${body.length} bytes`)
  if (type !== object.content_type) problems.push(`is served as ${type}`)
  if (declared && declared !== sha256) problems.push('another SHA-256 was declared')
  if (found !== verified) problems.push(`is ${found}, verified was ${verified}`)
  return problems
}

type Stored = NonNullable<Awaited<ReturnType<State['stored']>>>

function uploadProblems({ uploadOf }: State, { key, user_id, upload_id, old }: Row) {
  const upload = uploadOf.get(upload_id)
  if (!upload) return old ? [] : ['its upload is forgotten too early']
  if (!upload.confirmed_at || upload.object_key !== key) return ['its upload is not confirmed']
  return upload.user_id === user_id ? [] : [`its upload belongs to ${upload.user_id}`]
}

// I6: at most one live object a user, and what is live is what is referenced.
function oneLive({ users, objects }: State) {
  const avatarOf = new Map(users.map(({ id, avatar_key }) => [id, avatar_key]))
  return objects
    .filter(({ live, user_id, key }) => live && avatarOf.get(user_id) !== key)
    .map(({ key, user_id }) => `I6: ${key} is live, but not the avatar of ${user_id}`)
}

function rowsAgree({ uploads, objects, objectOf, uploadOf, keys }: State) {
  const broken: string[] = []
  const inBucket = new Set(keys)
  const verified = new Map<string, string>()
  for (const { key, upload_id, user_id, verified_at, purged_at, live } of objects) {
    const upload = uploadOf.get(upload_id)
    if (live && purged_at) broken.push(`${key} is live and purged`)
    if (upload && upload.user_id !== user_id) broken.push(`${key} and its upload differ in user`)
    if (!verified_at) continue
    if (upload && upload.object_key !== key) broken.push(`${key} is verified, its upload is not`)
    if (verified.has(upload_id)) broken.push(`${key} and ${verified.get(upload_id)} are one upload`)
    verified.set(upload_id, key)
    if (live && !inBucket.has(key)) broken.push(`${key} is live without bytes`)
  }
  for (const { id, object_key } of uploads) {
    const object = objectOf.get(object_key)
    if (object && object.upload_id !== id) broken.push(`${id} claims ${object_key} of another`)
    if (object && !object.verified_at) broken.push(`${id} is confirmed, ${object_key} unverified`)
  }
  return broken.map((sentence) => `rows: ${sentence}`)
}

// I8: what a user had when erased is over; whoever comes back afterwards begins anew.
function erasedStaysErased({ users, uploads, objects, uploadOf }: State) {
  const erasedAt = new Map(users.map(({ id, erased_at }) => [id, erased_at]))
  const wasErased = ({ user_id, created_at, upload_id }: Row) =>
    erasedAt.get(user_id) >= (uploadOf.get(upload_id)?.created_at ?? created_at)
  const open = uploads.filter(
    (upload) => !upload.confirmed_at && !upload.discarded_at && !upload.overdue && wasErased(upload)
  )
  const live = objects.filter((object) => object.live && wasErased(object))
  return [
    ...open.map(({ id, user_id }) => `I8: upload ${id} of the erased ${user_id} is open`),
    ...live.map(({ key, user_id }) => `I8: ${key} of the erased ${user_id} is live`)
  ]
}

// I4 and, for the bytes, I8: after the bounds everything without a reference is gone.
function nothingRemains({ users, uploads, objects, objectOf, keys }: State) {
  const referenced = new Set(users.map(({ avatar_key }) => avatar_key))
  const strays = keys.filter((key) => !referenced.has(key))
  const unpurged = objects.filter(({ live, purged_at }) => !live && !purged_at)
  const unsettled = uploads.filter(
    ({ confirmed_at, discarded_at }) => !confirmed_at && !discarded_at
  )
  return [
    ...strays.map((key) => `I4: ${key} remains${objectOf.has(key) ? '' : ' without a row'}`),
    ...unpurged.map(({ key }) => `I4: ${key} is not purged`),
    ...unsettled.map(({ id }) => `I4: upload ${id} is neither confirmed nor discarded`),
    ...uploads.filter((row) => !row.purged_at).map(({ id }) => `I4: staging/${id} is not purged`)
  ]
}

// I9, with the real time: nobody sits on a transaction while S3 is asked.
async function idleInTransaction(sql: Sql) {
  const idle = await sql`
    select pid, query from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'
      and state_change < pg_catalog.clock_timestamp() - interval '1 second'`
  return idle.map(({ pid, query }) => `I9: ${pid} is idle in a transaction after ${query}`)
}
