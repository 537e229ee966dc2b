// Reading and removing a user's avatar.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

import { Avatar, readAvatar } from '../avatars/read.ts'
import { removeAvatar } from '../avatars/remove.ts'
import type { Deps } from '../deps.ts'
import { assertMay, authenticate, named } from './authenticate.ts'
import { problems } from './problems.ts'
import * as schemas from './schemas.ts'

const tags = ['avatars']
const security = [{ bearer: [] }]
const params = schemas.UserParams
const querystring = schemas.Nothing

export const avatarRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  app.addHook('onRequest', authenticate)

  app.get('/users/:userId/avatar', { schema: read }, async ({ user, params }, reply) => {
    // The URL inside is a capability: no shared cache may keep it.
    reply.header('cache-control', 'no-store')
    return readAvatar(deps, named(params.userId, user))
  })

  app.delete('/users/:userId/avatar', { schema: remove }, async ({ user, params }, reply) => {
    const userId = named(params.userId, user)
    assertMay(user, userId, 'avatars:admin')
    await removeAvatar(deps, userId)
    return reply.code(204).send(null)
  })
}

const read = {
  tags,
  security,
  params,
  querystring,
  summary: "Get a user's avatar as a signed URL",
  response: {
    200: Avatar,
    ...problems(
      'UNAUTHENTICATED',
      'AVATAR_NOT_FOUND',
      'STORAGE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE'
    )
  }
}

const remove = {
  tags,
  security,
  params,
  querystring,
  summary: 'Remove an avatar',
  description: 'By its owner, or with the scope `avatars:admin`.',
  response: {
    204: Type.Null({ description: 'The user has no avatar.' }),
    ...problems('UNAUTHENTICATED', 'FORBIDDEN', 'DATABASE_UNAVAILABLE')
  }
}
