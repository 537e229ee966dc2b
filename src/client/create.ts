// Create an upload, or abort one.

import { call } from './call.ts'
import { AvatarUploadError, assertArgument } from './error.ts'
import type { ClientOptions, GrantRequest } from './options.ts'
import { orCancelled } from './wait.ts'

/** What will be sent; `sha256` in lower-case hex. */
export interface Declared {
  contentType: string
  sizeBytes: number
  sha256?: string
}

export interface Upload {
  id: string
  /** When S3 stops accepting `request`, ISO 8601. */
  sendBy: string
  /** When bytes that were sent in time can no longer be confirmed. */
  expiresAt: string
  request: GrantRequest
}

/**
 * Asks for the grant to send one picture. Cancelled meanwhile, it aborts the upload as soon as the answer tells
 * which one it is; where no answer comes, the upload expires by itself.
 * @throws {AvatarUploadError} CONTENT_TYPE_NOT_ALLOWED, SIZE_NOT_ALLOWED, TOO_MANY_OPEN_UPLOADS, EMPTY_FILE, …
 */
export async function createUpload(
  picture: Blob | Declared,
  options: ClientOptions
): Promise<Upload> {
  const { contentType, sizeBytes, sha256 }: Declared = Object(declaredOf(picture))
  assertArgument(typeof contentType === 'string', 'contentType must be a string')
  if (sizeBytes === 0) throw new AvatarUploadError('EMPTY_FILE')
  if (!contentType) throw new AvatarUploadError('CONTENT_TYPE_NOT_ALLOWED')
  const body = { purpose: 'avatar', contentType, sizeBytes, sha256 }
  const creating = call<Upload>(options, {
    name: 'create',
    method: 'POST',
    path: '/api/uploads',
    body,
    isRight: (upload) => upload?.id && upload.request?.url
  })
  // What cannot be aborted is over, or expires by itself.
  return orCancelled(creating, options.signal, (late) => abort(late, options).catch(() => {}))
}

const declaredOf = (picture: Blob | Declared): Declared =>
  picture instanceof Blob ? { contentType: picture.type, sizeBytes: picture.size } : picture

/**
 * Gives an upload up, so that nobody can confirm it any more. `signal` does not stop it.
 * @throws {AvatarUploadError} UPLOAD_CONFIRMED, UPLOAD_NOT_FOUND, …
 */
export async function abort({ id }: Pick<Upload, 'id'>, options: ClientOptions): Promise<void> {
  const path = `/api/uploads/${encodeURIComponent(id)}`
  const asked = { name: 'abort', method: 'DELETE', path, isRight: () => true } as const
  await call({ ...options, signal: undefined }, asked)
}
