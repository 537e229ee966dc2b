// The calls around a direct upload: create it, look at it, confirm it or abort it.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

import type { Deps } from '../deps.ts'
import { openBulkhead } from '../limits/bulkhead.ts'
import { abortUpload } from '../uploads/abort.ts'
import { confirmUpload } from '../uploads/confirm.ts'
import { createUpload } from '../uploads/create.ts'
import { readUpload } from '../uploads/read.ts'
import { authenticate } from './authenticate.ts'
import { limitUser } from './limit.ts'
import { ofBodies, problems } from './problems.ts'
import * as schemas from './schemas.ts'

const tags = ['uploads']
const security = [{ bearer: [] }]
const params = schemas.UploadParams
const querystring = schemas.Nothing

export const uploadRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  app.addHook('onRequest', authenticate)
  const inTurn = openBulkhead(deps.config.limits.confirmsAtOnce)
  const limit = {
    creates: limitUser('creates'),
    confirms: limitUser('confirms'),
    reads: limitUser('reads')
  }

  app.post(
    '/uploads',
    { schema: create, onRequest: limit.creates },
    async ({ user, body }, reply) => {
      const upload = await createUpload(deps, user, body)
      return reply.code(201).header('location', `/api/uploads/${upload.id}`).send(upload)
    }
  )

  app.get('/uploads/:id', { schema: read, onRequest: limit.reads }, async ({ user, params }) =>
    readUpload(deps, user.id, params.id)
  )

  app.post(
    '/uploads/:id/confirm',
    { schema: confirm, onRequest: limit.confirms },
    async ({ user, params }) =>
      inTurn(user.id, (hold) => confirmUpload(deps, user.id, params.id, hold))
  )

  app.delete(
    '/uploads/:id',
    { schema: abort, onRequest: limit.confirms },
    async ({ user, params }, reply) => {
      await abortUpload(deps, user.id, params.id)
      return reply.code(204).send(null)
    }
  )
}

const create = {
  tags,
  security,
  querystring,
  operationId: 'createUpload',
  summary: 'Create an upload and get the grant to send its bytes',
  description: 'Perform `request` against S3: a form with all `fields` in order, then `file` last.',
  body: schemas.CreateBody,
  response: {
    201: {
      description: 'The upload is open.',
      headers: { location: { type: 'string', description: 'the upload' } },
      content: { 'application/json': { schema: schemas.CreatedUpload } }
    },
    ...problems(
      ...ofBodies,
      'UNAUTHENTICATED',
      'USER_ERASED',
      'CONTENT_TYPE_NOT_ALLOWED',
      'SIZE_NOT_ALLOWED',
      'TOO_MANY_OPEN_UPLOADS',
      'STORAGE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE'
    )
  }
}

const read = {
  tags,
  security,
  params,
  querystring,
  operationId: 'readUpload',
  summary: 'Read the truth about an upload',
  response: {
    200: schemas.Upload,
    ...problems('UNAUTHENTICATED', 'UPLOAD_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  }
}

const confirm = {
  tags,
  security,
  params,
  querystring,
  body: schemas.NoBody,
  operationId: 'confirmUpload',
  summary: 'Verify what was sent and make it the avatar',
  description: 'Safe to repeat and to race: every call gives the same answer.',
  response: {
    200: schemas.ConfirmedUpload,
    ...problems(
      ...ofBodies,
      'UNAUTHENTICATED',
      'UPLOAD_NOT_FOUND',
      'OBJECT_MISSING',
      'OBJECT_CHANGED',
      'UPLOAD_ABORTED',
      'UPLOAD_EXPIRED',
      'OBJECT_REJECTED',
      'STORAGE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE',
      'CONFIRM_INTERRUPTED'
    )
  }
}

const abort = {
  tags,
  security,
  params,
  querystring,
  operationId: 'abortUpload',
  summary: 'Abort an upload',
  response: {
    204: Type.Null({ description: 'Nobody can confirm it any more.' }),
    ...problems(
      ...ofBodies,
      'UNAUTHENTICATED',
      'UPLOAD_NOT_FOUND',
      'UPLOAD_CONFIRMED',
      'DATABASE_UNAVAILABLE'
    )
  }
}
