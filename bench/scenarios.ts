// The requests that are measured one kind at a time, in groups that belong together.

import type { LoadRequest } from './load.ts'

const REQUESTS = 1000
const BATCH = 100

export interface User {
  id: string
  token: string
}
export interface Scenario {
  name: string
  on: 'directo' | 'tutorial' | 'floor'
  status: number
  /** The nth of the requests that take turns: no two in a row are of the same user. */
  request: (n: number, users: User[]) => LoadRequest
}

const create = (path: string) => (n: number, users: User[]) => ({
  method: 'POST' as const,
  path,
  headers: { ...bearer(nth(users, n)), 'content-type': 'application/json' },
  body: JSON.stringify({ purpose: 'avatar', contentType: 'image/png', sizeBytes: 100_000 + n })
})

const read = (path: (userId: string) => string) => (n: number, users: User[]) => ({
  method: 'GET' as const,
  path: path(nth(users, n * 7).id), // somebody else's, as on a page of comments
  headers: bearer(nth(users, n))
})

const batch = (path: string) => (n: number, users: User[]) => {
  const ids = Array.from({ length: BATCH }, (_, i) => `userId=${nth(users, n * 7 + i * 13).id}`)
  return {
    method: 'GET' as const,
    path: `${path}?${ids.join('&')}`,
    headers: bearer(nth(users, n))
  }
}

const avatar = () => ({ method: 'POST' as const, path: '/avatar' })

const nth = <Item>(items: Item[], n: number) => items[n % items.length]!
const bearer = ({ token }: User) => ({ authorization: `Bearer ${token}` })

/** Each group is measured between two runs of bare Fastify. */
export const groups: Scenario[][] = [
  [
    { name: 'create', on: 'directo', status: 201, request: create('/api/uploads') },
    { name: 'create', on: 'tutorial', status: 201, request: create('/uploads') },
    { name: 'create', on: 'floor', status: 201, request: create('/api/uploads') }
  ],
  [{ name: 'whole avatar', on: 'floor', status: 200, request: avatar }],
  [
    { name: 'read', on: 'directo', status: 200, request: read((id) => `/api/users/${id}/avatar`) },
    { name: 'read', on: 'tutorial', status: 200, request: read((id) => `/users/${id}/avatar`) }
  ],
  [{ name: 'redirect', on: 'directo', status: 302, request: read((id) => `/avatars/${id}`) }],
  [
    { name: 'batch of 100', on: 'directo', status: 200, request: batch('/api/avatars') },
    { name: 'batch of 100', on: 'tutorial', status: 200, request: batch('/avatars') }
  ]
]

export const requestsOf = ({ request }: Scenario, users: User[]) =>
  Array.from({ length: REQUESTS }, (_, n) => request(n, users))
