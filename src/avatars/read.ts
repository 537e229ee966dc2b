// Reading an avatar: the object a user's row points at, through a signed URL.

import { type Static, Type } from 'typebox'

import { objects } from '../db/schema.ts'
import { statement } from '../db/statement.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import type { SignUrl } from '../s3/signed-url.ts'

const Time = Type.String({ format: 'date-time' })

export const Avatar = Type.Object(
  {
    url: Type.String({ description: 'signed GET URL' }),
    expiresAt: Type.String({ format: 'date-time', description: 'when the URL stops working' }),
    contentType: Type.String(),
    sizeBytes: Type.Integer(),
    width: Type.Integer(),
    height: Type.Integer(),
    updatedAt: Time
  },
  { additionalProperties: false }
)
export type Avatar = Static<typeof Avatar>

/** @throws {Problem} AVATAR_NOT_FOUND for a user without one and for a user nobody knows */
export async function readAvatar(deps: Deps, userId: string): Promise<Avatar> {
  const avatar = await findAvatar(deps, userId)
  if (!avatar) throw problem('AVATAR_NOT_FOUND')
  return avatar
}

/** The avatar of one user, null for one without and for one whom nobody knows. */
export async function findAvatar(deps: Deps, userId: string): Promise<Avatar | null> {
  const [row] = await avatarOf(deps.db, userId)
  return row ? present(deps, factsOf(row)) : null
}

/** The avatars of many users, by one statement; who has none is not in it. */
export async function findAvatars(deps: Deps, userIds: string[]): Promise<Map<string, Avatar>> {
  const rows = await avatarsOf(deps.db, JSON.stringify(userIds))
  const sign = await signerOf(deps)
  return new Map(rows.map((row) => [row.user_id, avatarFrom(sign, factsOf(row))]))
}

const select = `
  select o.user_id, o.key, o.content_type, o.size_bytes, o.width, o.height, o.verified_at
  from users u join objects o on o.key = u.avatar_key`
const avatarOf = statement<Row>(`${select} where u.id = $1`)
const avatarsOf = statement<Row>(
  `${select} where u.id in (select json_array_elements_text($1::json))`
)

interface Row {
  user_id: string
  key: string
  content_type: string
  size_bytes: string
  width: number
  height: number
  verified_at: string
}

const factsOf = (row: Row): Facts => ({
  key: row.key,
  contentType: row.content_type,
  sizeBytes: Number(row.size_bytes),
  width: row.width,
  height: row.height,
  verifiedAt: new Date(row.verified_at)
})

/**
 * How long an answer with these avatars may be kept, in seconds: as long as configured, and never so
 * long that less than as much would be left of a URL.
 */
export function cacheSeconds({ config, now }: Deps, avatars: Avatar[]) {
  const end = Math.min(...avatars.map(({ expiresAt }) => Date.parse(expiresAt)))
  const half = Math.floor((end - now().getTime()) / 2000)
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
export type Facts = { [Name in keyof typeof facts]: (typeof objects.$inferSelect)[Name] }

/** An answer about a verified object, with a URL that is signed for it. */
export async function present(deps: Deps, object: Facts): Promise<Avatar> {
  return avatarFrom(await signerOf(deps), object)
}

const signerOf = ({ bucket, config, now }: Deps) =>
  bucket.openSigner({ seconds: config.urlSeconds, now: now() })

// The key appears nowhere but in the URL.
function avatarFrom(sign: SignUrl, object: Facts): Avatar {
  const { contentType, sizeBytes } = object
  const { url, expiresAt } = sign(object)
  return {
    url,
    expiresAt: expiresAt.toISOString(),
    contentType,
    sizeBytes,
    width: object.width!,
    height: object.height!,
    updatedAt: object.verifiedAt!.toISOString()
  }
}
