// What a confirm answers once its upload is settled: the same, however often it is asked.

import { type Avatar, type Facts, facts, present } from '../avatars/read.ts'
import { and, eq } from '../db/drizzle.ts'
import { objects, uploads, users } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { type Problem, problem } from '../errors.ts'
import { isTheirs, view } from './read.ts'
import type { State } from './state.ts'

export type UploadView = Pick<typeof uploads.$inferSelect, Exclude<keyof typeof view, 'state'>> & {
  state: State
}

/** `avatar` is null once the user's avatar is another one, or none. */
export interface Confirmed {
  upload: UploadView
  avatar: Avatar | null
}

const refusals: Record<Exclude<State, 'confirmed'>, (upload: UploadView) => Problem> = {
  rejected: ({ reasons }) => problem('OBJECT_REJECTED', undefined, { reasons: reasons ?? [] }),
  aborted: () => problem('UPLOAD_ABORTED'),
  expired: () => problem('UPLOAD_EXPIRED'),
  open: () => problem('CONFIRM_INTERRUPTED')
}

/** @throws {Problem} the refusal that belongs to the upload's state, unless it is confirmed */
export async function settled(deps: Deps, userId: string, id: string): Promise<Confirmed> {
  const [row] = await deps.db
    .select({ upload: view, object: facts })
    .from(uploads)
    .leftJoin(users, and(eq(users.id, uploads.userId), eq(users.avatarKey, uploads.objectKey)))
    .leftJoin(objects, eq(objects.key, users.avatarKey))
    .where(isTheirs(id, userId))
  if (!row) throw problem('UPLOAD_NOT_FOUND')
  if (row.upload.state !== 'confirmed') throw refusals[row.upload.state](row.upload)
  return confirmed(deps, row.upload, row.object)
}

export async function confirmed(
  deps: Deps,
  upload: UploadView,
  object: Facts | null
): Promise<Confirmed> {
  return { upload, avatar: object && (await present(deps, object)) }
}
