// Reading an avatar: the object a user's row points at, through a signed URL.

import { type Static, Type } from 'typebox'

import { eq, sql } from '../db/drizzle.ts'
import { objects, users } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'

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
  const [object] = await deps.db
    .select(facts)
    .from(users)
    .innerJoin(objects, eq(objects.key, users.avatarKey))
    .where(eq(users.id, userId))
  return object ? present(deps, object) : null
}

/** The avatars of many users, by one statement; who has none is not in it. */
export async function findAvatars(deps: Deps, userIds: string[]): Promise<Map<string, Avatar>> {
  const found = await deps.db
    .select({ userId: users.id, ...facts })
    .from(users)
    .innerJoin(objects, eq(objects.key, users.avatarKey))
    .where(sql`${users.id} in (select json_array_elements_text(${JSON.stringify(userIds)}::json))`)
  const avatars = await Promise.all(found.map((object) => present(deps, object)))
  return new Map(found.map(({ userId }, index) => [userId, avatars[index]!]))
}

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

/** Signs a URL for a verified object. The key itself appears nowhere else in the answer. */
export async function present({ bucket, config, now }: Deps, object: Facts): Promise<Avatar> {
  const { key, contentType, sizeBytes } = object
  const signed = await bucket.presignGet({
    key,
    contentType,
    seconds: config.urlSeconds,
    now: now()
  })
  return {
    url: signed.url,
    expiresAt: signed.expiresAt.toISOString(),
    contentType,
    sizeBytes,
    width: object.width!,
    height: object.height!,
    updatedAt: object.verifiedAt!.toISOString()
  }
}
