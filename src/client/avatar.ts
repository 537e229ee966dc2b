// A user's avatar, as the service tells of it.

import { call } from './call.ts'
import { codeOf } from './error.ts'
import type { ClientOptions } from './options.ts'

/** `url` is signed and ends at `expiresAt`: show it, do not store it. Times are ISO 8601. */
export interface Avatar {
  url: string
  expiresAt: string
  contentType: string
  sizeBytes: number
  width: number
  height: number
  updatedAt: string
}

/**
 * A user's avatar, null where there is none; `me` is whose token it is.
 * @throws {AvatarUploadError}
 */
export async function readAvatar(userId: string, options: ClientOptions): Promise<Avatar | null> {
  try {
    const path = `/api/users/${encodeURIComponent(userId)}/avatar`
    return await call<Avatar>(options, {
      name: 'read',
      method: 'GET',
      path,
      cuttable: true,
      isRight: (avatar) => avatar?.url
    })
  } catch (err) {
    if (codeOf(err) === 'AVATAR_NOT_FOUND') return null
    throw err
  }
}
