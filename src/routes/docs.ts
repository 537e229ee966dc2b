// The API described by itself: /openapi.json for machines, /docs for people.

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import { catalogue } from '../errors.ts'
import { reasonCodes } from '../reasons.ts'

// Its own would send a browser to https, where nothing listens, unless TLS ends before us.
const DOCS_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; " +
  "object-src 'none'; base-uri 'self'; frame-ancestors 'none'"

/** To be registered before the routes it describes. */
export async function registerDocs(app: FastifyInstance) {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Directo', version: '1', description: description() },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } }
      }
    },
    transformObject: (document) =>
      'openapiObject' in document ? withOptionalBodies(document.openapiObject) : {}
  })
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: DOCS_POLICY })
  const schema = {
    hide: true,
    response: { 200: Type.Unsafe({ type: 'object', additionalProperties: true }) }
  }
  app.get('/openapi.json', { schema }, async () => app.swagger())
}

/** Sends whoever comes to `/` to the description. */
export async function homeAtDocs(app: FastifyInstance) {
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs'))
}

function description() {
  const rows = Object.entries(catalogue).map(
    ([code, [status, sentence]]) => `| \`${code}\` | ${status} | ${sentence} |`
  )
  return [
    'Two-step direct uploads: create an upload, send its bytes straight to S3, confirm.',
    'Every error is `application/problem+json` with one of these codes:',
    ['| code | status | meaning |', '| --- | --- | --- |', ...rows].join('\n'),
    `\`OBJECT_REJECTED\` comes with every reason: ${reasonCodes.map((code) => `\`${code}\``).join(', ')}.`
  ].join('\n\n')
}

// The plugin calls every body required; where null fits the schema, there need not be one.
function withOptionalBodies<Document extends { paths?: object }>(document: Document) {
  for (const path of Object.values(document.paths ?? {})) {
    for (const { requestBody } of Object.values(path as Record<string, Operation>)) {
      const { type } = requestBody?.content['application/json']?.schema ?? {}
      if (requestBody && type?.includes('null')) requestBody.required = false
    }
  }
  return document
}

interface Operation {
  requestBody?: { required: boolean; content: Record<string, { schema: { type?: string[] } }> }
}
