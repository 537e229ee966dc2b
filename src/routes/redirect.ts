// The stable address of a user's avatar, for pages and for other people's databases.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

import { drawPlaceholder } from '../avatars/placeholder.ts'
import { cacheSeconds, openReader } from '../avatars/read.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../errors.ts'
import { authenticate, named } from './authenticate.ts'
import { isFresh, notModified } from './caching.ts'
import { limitAddress, limitUser } from './limit.ts'
import { problems } from './problems.ts'
import { UserParams } from './schemas.ts'

// Nothing in it may run or load, wherever it is shown.
const SVG_POLICY = "default-src 'none'; sandbox"

export const redirectRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  const { isPublic } = deps.config.avatar
  const findAvatar = openReader(deps)
  const onRequest = isPublic ? [limitAddress] : [authenticate, limitUser('reads')]

  app.get('/:userId', { schema: redirect, onRequest }, async (request, reply) => {
    const userId = isPublic ? request.params.userId : named(request.params.userId, request.user)
    const instead = request.query.default ?? '404'
    const avatar = await findAvatar(userId)
    if (!avatar && instead === '404') throw problem('AVATAR_NOT_FOUND')
    const of = avatar?.url ?? `${instead} ${userId}`
    const maxAge = cacheSeconds(deps, avatar)
    const isKnown = isFresh(request, reply, { of, maxAge, isPublic })
    if (avatar) return reply.redirect(avatar.url, 302) // a condition is for what would be a 200
    reply.header('content-security-policy', SVG_POLICY)
    if (isKnown) return reply.code(304).send()
    reply.type('image/svg+xml')
    return reply.send(drawPlaceholder(instead as 'identicon' | 'initials', userId))
  })
}

const tokenOrNone: Record<string, string[]>[] = [{ bearer: [] }, {}]

const redirect = {
  tags: ['avatars'],
  security: tokenOrNone,
  operationId: 'redirectToAvatar',
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
    302: Type.Null({
      description: 'The user has an avatar.',
      headers: { location: { type: 'string', description: 'the signed URL' } }
    }),
    ...notModified,
    ...problems(
      'UNAUTHENTICATED',
      'AVATAR_NOT_FOUND',
      'STORAGE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE'
    )
  }
}
