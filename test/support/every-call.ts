// Every call of the service and every part of the janitor, one after another, to see what each needs.

import type { Refused, Upload, User } from './app.ts'
import { padded, png } from './pictures.ts'

const BYTES = 400
const picture = padded(png(64), BYTES)
const noPicture = Buffer.alloc(BYTES, 'x')

/** The service, wherever it runs, with OPEN_UPLOADS_PER_USER=2. */
export interface Callable {
  user: (sub: string, claims?: object) => User
  get: (path: string, token: string) => Promise<{ statusCode: number }>
  sweep: () => Promise<unknown>
  reconcile: () => Promise<unknown>
}

/**
 * Makes each call for each of these users, who have no uploads yet, and erases them. `done` is called
 * after each kind, with its name.
 * @param others users who are looked at and nothing else
 */
export async function makeEveryCall(
  { user, get, sweep, reconcile }: Callable,
  people: string[],
  others: string[],
  done: (name: string) => unknown
) {
  const admin = user('admin', { scope: 'avatars:admin' })
  const callers = people.map((id) => ({ id, user: user(id) }))
  const uploads = new Map<string, Upload>()
  const each = async (name: string, act: (user: User, id: string) => Promise<unknown>) => {
    for (const { id, user } of callers) await act(user, id)
    await done(name)
  }
  const create = async (user: User, id: string) => uploads.set(id, await user.createUpload(picture))
  const theirs = (id: string) => uploads.get(id)!
  const batch = others.map((id) => `userId=${encodeURIComponent(id)}`).join('&')

  await each('create', create)
  await each('confirm, with nothing sent', (user, id) =>
    refused(user.confirm(theirs(id)), 'OBJECT_MISSING')
  )
  for (const { id, user } of callers) await user.send(theirs(id), picture)
  await each('confirm', (user, id) => user.confirm(theirs(id)))
  await each('confirm, repeated', (user, id) => user.confirm(theirs(id)))
  await each('create', create)
  for (const { id, user } of callers) await user.send(theirs(id), noPicture)
  await each('confirm, rejected', (user, id) =>
    refused(user.confirm(theirs(id)), 'OBJECT_REJECTED')
  )
  await each('create', create)
  await each('create', create)
  await each('create, too many', (user) =>
    refused(user.createUpload(picture), 'TOO_MANY_OPEN_UPLOADS')
  )
  await each('read an upload', (user, id) => user.read(theirs(id)))
  await each('abort', (user, id) => user.abort(theirs(id)))
  await each('read an avatar', (user) => user.avatar())
  await each('redirect to an avatar', ({ token }, id) =>
    answered(get(`/avatars/${id}`, token), 302)
  )
  await each('read a batch', (user) => user.call('GET', `/api/avatars?${batch}`))
  await each('remove an avatar', (user) => user.removeAvatar())
  await each('erase a user', (_, id) => admin.erase(id))
  await answered(get('/health/ready', ''), 200)
  await done('readiness')
  await sweep()
  await done('sweep')
  await reconcile()
  await done('reconcile')
}

async function refused(call: Promise<unknown>, expected: string) {
  const code = await call.then(
    () => 'nothing',
    (err: Refused & { code: string }) => err.code
  )
  if (code !== expected) throw new Error(`refused with ${code}, not ${expected}`)
}

async function answered(call: Promise<{ statusCode: number }>, expected: number) {
  const { statusCode } = await call
  if (statusCode !== expected) throw new Error(`answered ${statusCode}, not ${expected}`)
}
