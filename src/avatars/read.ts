// Reading an avatar: the object a user's row points at, through a signed URL.

import { type Static, Type } from 'typebox'

import { objects } from '../db/schema.ts'
import { statement } from '../db/statement.ts'
import type { Deps } from '../deps.ts'
import type { SignUrl } from '../s3/signed-url.ts'
import { gather } from './gather.ts'

export const Avatar = Type.Object(
  {
    url: Type.String({ description: 'signed GET URL' }),
    expiresAt: Type.String({ format: 'date-time', description: 'when the URL stops working' }),
    contentType: Type.String(),
    sizeBytes: Type.Integer(),
    width: Type.Integer({ description: 'in pixels' }),
    height: Type.Integer({ description: 'in pixels' }),
    updatedAt: Type.String({ format: 'date-time', description: 'when it was verified' })
  },
  {
    title: 'Avatar',
    additionalProperties: false,
    examples: [
      {
        url: 'https://bucket.s3.us-east-1.amazonaws.com/avatars/0f2a?X-Amz-Signature=…',
        expiresAt: '2026-11-23T15:00:00.000Z',
        contentType: 'image/png',
        sizeBytes: 52341,
        width: 512,
        height: 512,
        updatedAt: '2026-11-23T14:02:11.000Z'
      }
    ]
  }
)
export type Avatar = Static<typeof Avatar>

/** What one asks for is found by one statement, and so is what many ask for at the same moment. */
export const MOST_AT_ONCE = 100

/** Finds the avatar of one user: null for one without, and for one whom nobody knows. */
export function openReader(deps: Deps) {
  const find = gather((userIds) => findFacts(deps, userIds), MOST_AT_ONCE)
  return async (userId: string): Promise<Avatar | null> => {
    const facts = await find(userId)
    return facts && present(deps, facts)
  }
}

/**
 * Avatars in the order of their users, of whom none is named twice; null for who has none. `version`
 * changes with any of them, and with their URLs; `first` stands for all, whose URLs end together.
 */
export async function findAvatars(deps: Deps, userIds: string[]) {
  const [found, sign] = await Promise.all([findFacts(deps, userIds), signerOf(deps)])
  let version = ''
  const avatars = userIds.map((userId) => {
    const facts = found.get(userId)
    const avatar = facts ? avatarFrom(sign, facts) : null
    version += `${userId} ${facts?.key ?? ''}\n`
    return { userId, avatar }
  })
  const first = avatars.find(({ avatar }) => avatar)?.avatar
  // One signature tells by whom, where and when all of them are made.
  return { avatars, version: version + (first?.url ?? ''), first }
}

async function findFacts({ db }: Deps, userIds: string[]): Promise<Map<string, Facts>> {
  const [row] = await factsOf(db, JSON.stringify(userIds))
  const rows = JSON.parse(row!.found) as Row[]
  return new Map(
    rows.map(([userId, key, contentType, sizeBytes, width, height, verifiedAt]) => [
      userId,
      { key, contentType, sizeBytes, width, height, verifiedAt }
    ])
  )
}

// One value: the client takes longer to read a hundred rows than to sign their URLs. Each id is looked up
// by itself: for a list that it takes for a hundred ids Postgres would read all of twenty thousand users.
const factsOf = statement<{ found: string }>(
  'read_avatars',
  `
  select coalesce(json_agg(json_build_array(
    asked.id, o.key, o.content_type, o.size_bytes, o.width, o.height,
    to_char(o.verified_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))), '[]')::text as found
  from json_array_elements_text($1::json) as asked(id),
    lateral (select avatar_key from users where users.id = asked.id limit 1) u,
    lateral (select * from objects where key = u.avatar_key limit 1) o`
)
type Row = [string, string, string, number, number, number, string]

/**
 * How long an answer with an avatar may be kept, in seconds: as long as configured, and never so long
 * that less than as much would be left of its URL.
 */
export function cacheSeconds({ config, now }: Deps, avatar: Avatar | null | undefined) {
  if (!avatar) return config.cacheSeconds
  const half = Math.floor((Date.parse(avatar.expiresAt) - now().getTime()) / 2000)
  return Math.max(0, Math.min(config.cacheSeconds, half))
}

/** The columns an answer is made of. */
export const facts = {
  key: objects.key,
  contentType: objects.contentType,
  sizeBytes: objects.sizeBytes,
  width: objects.width,
  height: objects.height,
  verifiedAt: objects.verifiedAt
}
type Columns = { [Name in keyof typeof facts]: (typeof objects.$inferSelect)[Name] }
/** A time may be text already, in the form that answers have. */
export type Facts = Omit<Columns, 'verifiedAt'> & { verifiedAt: Date | string | null }

/** An answer about a verified object, with a URL that is signed for it. */
export async function present(deps: Deps, object: Facts): Promise<Avatar> {
  return avatarFrom(await signerOf(deps), object)
}

const signerOf = ({ bucket, config, now }: Deps) =>
  bucket.openSigner({ seconds: config.urlSeconds, now: now() })

// The key appears nowhere but in the URL.
function avatarFrom(sign: SignUrl, object: Facts): Avatar {
  const { contentType, sizeBytes, verifiedAt } = object
  const { url, expiresAt } = sign(object)
  return {
    url,
    expiresAt: textOf(expiresAt),
    contentType,
    sizeBytes,
    width: object.width!,
    height: object.height!,
    updatedAt: typeof verifiedAt === 'string' ? verifiedAt : verifiedAt!.toISOString()
  }
}

// All URLs of a window end together.
let last = { time: new Date(0), text: '' }
function textOf(time: Date) {
  if (time !== last.time) last = { time, text: time.toISOString() }
  return last.text
}
