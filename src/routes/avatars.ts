// Reading and removing a user's avatar.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'

import { Avatar, cacheSeconds, findAvatars, MOST_AT_ONCE, openReader } from '../avatars/read.ts'
import { removeAvatar } from '../avatars/remove.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { assertMay, authenticate, named } from './authenticate.ts'
import { isFresh, kept, notModified } from './caching.ts'
import { limitUser } from './limit.ts'
import { ofBodies, problems } from './problems.ts'
import * as schemas from './schemas.ts'

const tags = ['avatars']
const security = [{ bearer: [] }]
const { UserId, UserParams: params } = schemas
const strict = { additionalProperties: false }
// Not a union: Ajv would try each of a hundred against both.
const MaybeAvatar = Type.Unsafe<Avatar | null>({
  ...Avatar,
  properties: {
    ...Avatar.properties,
    // Is written as it is: to look for what JSON would escape takes a tenth of an answer with a hundred.
    url: Type.String({ ...Avatar.properties.url, format: 'unsafe' })
  },
  title: undefined,
  type: ['object', 'null'],
  description: 'null for who has none'
})
const querystring = schemas.Nothing

export const avatarRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  app.addHook('onRequest', authenticate)
  const findAvatar = openReader(deps)

  app.get('/users/:userId/avatar', { schema: read, onRequest: reads }, async (request, reply) => {
    const avatar = await findAvatar(named(request.params.userId, request.user))
    if (!avatar) throw problem('AVATAR_NOT_FOUND')
    const maxAge = cacheSeconds(deps, avatar)
    if (isFresh(request, reply, { of: avatar.url, maxAge })) return reply.code(304).send()
    return avatar
  })

  app.get('/avatars', { schema: readMany, ...ofMany }, async (request, reply) => {
    const { user, query } = request
    const userIds = [...new Set(query.userId.map((userId) => named(userId, user)))]
    const { avatars, version: of, first } = await findAvatars(deps, userIds)
    const maxAge = cacheSeconds(deps, first)
    if (isFresh(request, reply, { of, maxAge })) return reply.code(304).send()
    return { avatars }
  })

  app.delete(
    '/users/:userId/avatar',
    { schema: remove, onRequest },
    async ({ user, params }, reply) => {
      const userId = named(params.userId, user)
      assertMay(user, userId, 'avatars:admin')
      await removeAvatar(deps, userId)
      return reply.code(204).send(null)
    }
  )
}

const onRequest = limitUser('confirms')
const reads = limitUser('reads')
const ofMany = { onRequest: limitUser('reads', readsOf), preValidation: [listed] }

// A hundred users cost as much as six or seven reads (BENCHMARKS.md).
function readsOf({ query }: FastifyRequest) {
  const { userId } = query as { userId?: string | string[] }
  return Array.isArray(userId) ? Math.ceil(userId.length / 10) : 1
}

// One is not an array in a query, and the same to whoever asks.
async function listed({ query }: FastifyRequest) {
  const asked = query as { userId?: string | string[] }
  if (typeof asked.userId === 'string') asked.userId = [asked.userId]
}

const read = {
  tags,
  security,
  params,
  querystring,
  operationId: 'readAvatar',
  summary: "Get a user's avatar as a signed URL",
  response: {
    200: kept('The avatar.', Avatar),
    ...notModified,
    ...problems(
      'UNAUTHENTICATED',
      'AVATAR_NOT_FOUND',
      'STORAGE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE'
    )
  }
}

const readMany = {
  tags,
  security,
  querystring: Type.Object(
    {
      userId: Type.Array(UserId, {
        minItems: 1,
        maxItems: MOST_AT_ONCE,
        description: `repeated for each user, ${MOST_AT_ONCE} at most; one named twice is answered once`
      })
    },
    { additionalProperties: false }
  ),
  operationId: 'readAvatars',
  summary: 'Get the avatars of many users',
  response: {
    200: kept(
      'In the order asked for.',
      Type.Object(
        {
          avatars: Type.Array(Type.Object({ userId: Type.String(), avatar: MaybeAvatar }, strict))
        },
        strict
      )
    ),
    ...notModified,
    ...problems('UNAUTHENTICATED', 'STORAGE_UNAVAILABLE', 'DATABASE_UNAVAILABLE')
  }
}

const remove = {
  tags,
  security,
  params,
  querystring,
  operationId: 'removeAvatar',
  summary: 'Remove an avatar',
  description: 'By its owner, or with the scope `avatars:admin`.',
  response: {
    204: Type.Null({ description: 'The user has no avatar.' }),
    ...problems(...ofBodies, 'UNAUTHENTICATED', 'FORBIDDEN', 'DATABASE_UNAVAILABLE')
  }
}
