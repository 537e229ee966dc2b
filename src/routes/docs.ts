// The API described: /openapi.json for machines, /docs for people.

import { readFileSync } from 'node:fs'

import type { FastifyInstance } from 'fastify'

import { DOCS_POLICY, drawDocs } from './docs-page.ts'

const DOCUMENT = new URL('../../openapi.json', import.meta.url)
const schema = { hide: true } as object

/** Serves `openapi.json` as it is committed: `npm run openapi` writes it from the routes. */
export async function docsRoutes(app: FastifyInstance) {
  const document = readFileSync(DOCUMENT, 'utf8')
  const page = drawDocs(JSON.parse(document))

  app.get('/openapi.json', { schema }, async (_request, reply) =>
    reply.type('application/json').send(document)
  )
  app.get('/docs', { schema }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', DOCS_POLICY).send(page)
  )
}

/** Sends whoever comes to `/` to the description. */
export async function homeAtDocs(app: FastifyInstance) {
  app.get('/', { schema }, async (_request, reply) => reply.redirect('/docs'))
}
