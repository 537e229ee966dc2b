// The stable address of a user's avatar, for pages and for other people's databases.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

import { drawPlaceholder } from '../avatars/placeholder.ts'
import { cacheSeconds, findAvatar } from '../avatars/read.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { authenticate, named } from './authenticate.ts'
import { isFresh } from './caching.ts'
import { problems } from './problems.ts'
import { UserParams } from './schemas.ts'

// Nothing in it may run or load, wherever it is shown.
const SVG_POLICY = "default-src 'none'; sandbox"

export const redirectRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  const { isPublic } = deps.config.avatar
  const onRequest = isPublic ? [] : [authenticate]

  app.get('/:userId', { schema: redirect, onRequest }, async (request, reply) => {
    const userId = isPublic ? request.params.userId : named(request.params.userId, request.user)
    const instead = request.query.default ?? '404'
    const avatar = await findAvatar(deps, userId)
    if (!avatar && instead === '404') throw problem('AVATAR_NOT_FOUND')
    const of = avatar?.url ?? `${instead} ${userId}`
    const maxAge = cacheSeconds(deps, avatar ? [avatar] : [])
    if (isFresh(request, reply, { of, maxAge, isPublic })) return reply.code(304).send(null)
    if (avatar) return reply.redirect(avatar.url, 302)
    reply.type('image/svg+xml').header('content-security-policy', SVG_POLICY)
    return reply.send(drawPlaceholder(instead as 'identicon' | 'initials', userId))
  })
}

const redirect = {
  tags: ['avatars'],
  security: [{ bearer: [] }, {}] as Record<string, string[]>[],
  params: UserParams,
  querystring: Type.Object(
    {
      default: Type.Optional(
        Type.Enum(['404', 'identicon', 'initials'], {
          description: 'what a user without an avatar has instead; 404 if it is not said'
        })
      )
    },
    { additionalProperties: false }
  ),
  summary: 'Redirect to an avatar',
  description:
    'The address to store and to show: it stays, and leads to a signed URL that does not. ' +
    'With `AVATAR_ACCESS=public` it needs no token.',
  response: {
    200: {
      description: 'A placeholder, the same for this user for ever.',
      content: { 'image/svg+xml': { schema: Type.String() } }
    },
    302: Type.Null({ description: '`location` is the signed URL.' }),
    304: Type.Null({ description: 'What the caller has is still right.' }),
    ...problems(
      'UNAUTHENTICATED',
      'AVATAR_NOT_FOUND',
      'STORAGE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE'
    )
  }
}
