// The API as its routes describe it: what openapi.json has to hold.

import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'

import { buildApp } from '../../../src/app.ts'
import { readConfig } from '../../../src/config.ts'
import { openDatabase } from '../../../src/db/client.ts'
import { catalogue } from '../../../src/errors.ts'
import { reasonCodes } from '../../../src/reasons.ts'
import { openBucket } from '../../../src/s3/bucket.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
interface Operation {
  requestBody?: { required: boolean; content: Record<string, { schema: { type?: string[] } }> }
  responses: Record<string, Answer>
}
interface Answer {
  $ref?: string
  links?: object
  content?: Record<string, { examples?: object }>
}
export interface OpenApi {
  openapi: string
  info: { description: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: { [name: string]: Json } }
}

/** Builds the service without starting it, and answers what it says of itself. */
export async function describeApi(): Promise<OpenApi> {
  const config = readConfig({
    DATABASE_URL: 'postgres://localhost/nobody',
    S3_BUCKET: 'described',
    JWT_SECRET: 'a secret of thirty-two bytes or more'
  })
  const database = openDatabase(config)
  const bucket = openBucket(config.s3)
  const deps = { config, db: database.db, bucket, now: () => new Date() }
  const app = await buildApp(deps, false, undefined, registerSwagger)
  await app.ready()
  const document = JSON.parse(JSON.stringify(app.swagger(), isForReaders)) as OpenApi
  await app.close()
  bucket.close()
  await database.close()
  return finished(document)
}

// `unsafe` tells the serializer alone what it need not look for.
const isForReaders = (name: string, value: unknown) =>
  name === 'format' && value === 'unsafe' ? undefined : value

async function registerSwagger(app: FastifyInstance) {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Directo',
        version: '1',
        description: description(),
        license: { name: 'MIT', identifier: 'MIT' } as object as { name: string }
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'uploads', description: 'Create, send, confirm.' },
        { name: 'avatars', description: 'Show a picture, or remove it.' },
        { name: 'users', description: 'What happens when an account is deleted.' },
        { name: 'health', description: 'What an orchestrator asks.' }
      ],
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } }
      }
    }
  })
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

function finished(document: OpenApi) {
  for (const operation of Object.values(document.paths).flatMap(Object.values) as Operation[]) {
    allowNoBody(operation)
  }
  document.paths['/api/uploads']!.post!.responses['201']!.links = Object.fromEntries(
    ['readUpload', 'confirmUpload', 'abortUpload'].map((operationId) => [
      operationId,
      { operationId, parameters: { id: '$response.body#/id' } }
    ])
  )
  const schemas: OpenApi['components']['schemas'] = {}
  const { paths } = named(document as unknown as Json, schemas) as unknown as OpenApi
  const responses = shareProblems(paths)
  return { ...document, paths, components: { ...document.components, schemas, responses } }
}

// The same refusals are everywhere: each set is told once, under the codes that it is made of.
function shareProblems(paths: OpenApi['paths']) {
  const shared: Record<string, object> = {}
  for (const operation of Object.values(paths).flatMap(Object.values) as Operation[]) {
    for (const [status, response] of Object.entries(operation.responses)) {
      const { examples } = response.content?.['application/problem+json'] ?? {}
      if (!examples) continue
      const name = Object.keys(examples).join('.')
      shared[name] = response
      operation.responses[status] = { $ref: `#/components/responses/${name}` }
    }
  }
  return shared
}

// The plugin calls every body required; where null fits the schema, there need not be one.
function allowNoBody({ requestBody }: Operation) {
  const { type } = requestBody?.content['application/json']?.schema ?? {}
  if (requestBody && type?.includes('null')) requestBody.required = false
}

// A schema with a title is a component of that name: clients that are generated take it for a type.
function named(node: Json, schemas: { [name: string]: Json }): Json {
  if (Array.isArray(node)) return node.map((one) => named(one, schemas))
  if (node === null || typeof node !== 'object') return node
  const copy = Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, named(value, schemas)])
  )
  if (typeof copy.title !== 'string' || !('properties' in copy)) return copy
  const { title, ...schema } = copy
  schemas[title] = schema
  return { $ref: `#/components/schemas/${title}` }
}
