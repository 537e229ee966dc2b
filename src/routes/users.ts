// Erasing a user, as an account that is deleted elsewhere asks for.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

import type { Deps } from '../deps.ts'
import { eraseUser } from '../users/erase.ts'
import { assertHas, authenticate, named } from './authenticate.ts'
import { limitUser } from './limit.ts'
import { ofBodies, problems } from './problems.ts'
import * as schemas from './schemas.ts'

export const userRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  app.addHook('onRequest', authenticate)

  app.delete(
    '/users/:userId',
    { schema: erase, onRequest: limitUser('confirms') },
    async ({ user, params }, reply) => {
      assertHas(user, 'avatars:admin')
      await eraseUser(deps, named(params.userId, user))
      return reply.code(204).send(null)
    }
  )
}

const erase = {
  tags: ['users'],
  security: [{ bearer: [] }],
  params: schemas.UserParams,
  querystring: schemas.Nothing,
  operationId: 'eraseUser',
  summary: 'Erase everything of a user',
  description:
    'With the scope `avatars:admin`. Signed URLs die at once; unfinished uploads come to nothing; ' +
    "the user's tokens issued before now create none.",
  response: {
    204: Type.Null({ description: 'Nothing of the user can be seen any more.' }),
    ...problems(
      ...ofBodies,
      'UNAUTHENTICATED',
      'FORBIDDEN',
      'STORAGE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE'
    )
  }
}
