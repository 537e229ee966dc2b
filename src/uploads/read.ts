// The truth about one upload, for its owner.

import { and, eq } from '../db/drizzle.ts'
import { uploads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { isId } from '../keys.ts'
import { state } from './state.ts'

/** What answers say of an upload. */
export const view = {
  id: uploads.id,
  state,
  purpose: uploads.purpose,
  contentType: uploads.contentType,
  sizeBytes: uploads.sizeBytes,
  createdAt: uploads.createdAt,
  expiresAt: uploads.expiresAt,
  confirmedAt: uploads.confirmedAt,
  reasons: uploads.reasons
}

/** What is not even shaped like an id reaches neither Postgres nor S3. @throws UPLOAD_NOT_FOUND */
export function assertId(id: string) {
  if (!isId(id)) throw problem('UPLOAD_NOT_FOUND')
}

/** Somebody else's upload is as absent as one that never was: an id tells a stranger nothing. */
export const isTheirs = (id: string, userId: string) =>
  and(eq(uploads.id, id), eq(uploads.userId, userId))

/** @throws {Problem} UPLOAD_NOT_FOUND, also for somebody else's */
export async function readUpload({ db }: Pick<Deps, 'db'>, userId: string, id: string) {
  assertId(id)
  const [upload] = await db.select(view).from(uploads).where(isTheirs(id, userId))
  if (!upload) throw problem('UPLOAD_NOT_FOUND')
  return upload
}
