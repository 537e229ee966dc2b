// The service as the page calls it beside uploading: people, their tokens, everybody's pictures.

import type { Avatar } from '../../client/index.ts'

export interface Person {
  id: string
  name: string
}

/** @throws TypeError when the service is gone, Error when it answers otherwise than with 2xx */
async function ask<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  // A kept answer is asked for anew: it may be older than what was uploaded since.
  const reply = await fetch(path, { cache: 'no-cache', ...init })
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}`)
  return reply.status === 204 ? (null as Answer) : reply.json()
}

export async function readPeople() {
  return (await ask<{ people: Person[] }>('/page/people')).people
}

const tokens = new Map<string, string>()

/** What the client asks for a token; one that was refused is not given again. */
export const tokenOf =
  ({ id }: Person) =>
  async (refused = false) => {
    const kept = tokens.get(id)
    if (kept && !refused) return kept
    const { token } = await ask<{ token: string }>(`/page/people/${id}`, { method: 'POST' })
    tokens.set(id, token)
    return token
  }

/** Everybody's pictures in one call; null for who has none. */
export async function readAvatars(people: Person[], reader: Person) {
  const query = people.map(({ id }) => `userId=${id}`).join('&')
  const { avatars } = await ask<{ avatars: { userId: string; avatar: Avatar | null }[] }>(
    `/api/avatars?${query}`,
    { headers: await headersOf(reader) }
  )
  return new Map(avatars.map(({ userId, avatar }) => [userId, avatar]))
}

export async function removeAvatar(person: Person) {
  await ask('/api/users/me/avatar', { method: 'DELETE', headers: await headersOf(person) })
}

const headersOf = async (person: Person) => ({
  authorization: `Bearer ${await tokenOf(person)()}`
})
