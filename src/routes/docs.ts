// The API described by itself: /openapi.json for machines, /docs for people.

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

import { catalogue } from '../errors.ts'
import { reasonCodes } from '../uploads/reasons.ts'

/** To be registered before the routes it describes. */
export async function registerDocs(app: FastifyInstance) {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Directo', version: '1', description: description() },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } }
      }
    }
  })
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
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
