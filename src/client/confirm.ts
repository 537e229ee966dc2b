// Confirm an upload: what was sent becomes the avatar, or is refused with every reason.

import type { Avatar } from './avatar.ts'
import { call } from './call.ts'
import type { Upload } from './create.ts'
import { AvatarUploadError } from './error.ts'
import type { ClientOptions } from './options.ts'

/**
 * Has the service verify what was sent. Repeated as often as it takes: the service gives the same answer each time.
 * @throws {AvatarUploadError} OBJECT_REJECTED with `reasons`, OBJECT_MISSING, UPLOAD_EXPIRED, AVATAR_REPLACED, …
 */
export async function confirm({ id }: Pick<Upload, 'id'>, options: ClientOptions): Promise<Avatar> {
  const path = `/api/uploads/${encodeURIComponent(id)}/confirm`
  const { avatar } = await call<{ avatar: Avatar | null }>(options, {
    name: 'confirm',
    method: 'POST',
    path,
    cuttable: true,
    isRight: (answer) => answer?.avatar === null || answer?.avatar?.url
  })
  if (!avatar) throw new AvatarUploadError('AVATAR_REPLACED')
  return avatar
}
