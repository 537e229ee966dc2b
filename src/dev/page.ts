// The demo page of npm run dev: its files as browsers take them, and tokens for a few people.

import { readFileSync, statSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'

import type { FastifyInstance, FastifyReply } from 'fastify'

import type { Config } from '../config.ts'

/** Who can be on the page; nobody else gets a token from it. */
export const people = {
  ada: 'Ada',
  bob: 'Bob',
  chen: 'Chen',
  dana: 'Dana',
  emil: 'Emil',
  fatou: 'Fatou',
  hana: 'Hana',
  luca: 'Luca'
}

const folders: Record<string, URL> = {
  page: new URL('page/', import.meta.url),
  client: new URL('../client/', import.meta.url)
}
const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  ts: 'text/javascript; charset=utf-8'
}

/** A Fastify plugin: `/`, what the page loads, and `POST /page/people/:userId` for its tokens. */
export const pageOf =
  ({ s3 }: Config) =>
  async (app: FastifyInstance) => {
    const csp = cspOf(new URL(s3.publicEndpoint ?? '').origin)
    app.addHook('onSend', async (_request, reply) => {
      reply.header('content-security-policy', csp)
    })
    app.get('/', async (_request, reply) => sendFile(reply, 'page', 'index.html'))
    app.get<{ Params: Record<'folder' | 'file', string> }>(
      '/:folder(^page$|^client$)/:file',
      async ({ params: { folder, file } }, reply) => sendFile(reply, folder, file)
    )
    app.get('/page/people', async () => ({
      people: Object.entries(people).map(([id, name]) => ({ id, name }))
    }))
    app.post<{ Params: { userId: string } }>(
      '/page/people/:userId',
      async ({ params: { userId }, ip, hostname }, reply) => {
        if (!Object.hasOwn(people, userId) || !isHere(ip, hostname)) return reply.callNotFound()
        return { token: app.jwt.sign({ sub: userId }, { expiresIn: '12h' }) }
      }
    )
  }

// No store needs another origin than that of the addresses we sign; nothing here makes markup of text.
const cspOf = (s3: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' ${s3}`,
    `connect-src 'self' ${s3}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'"
  ].join('; ')

// By its address another machine; by the name of the host a page of the Internet whose name was pointed at us.
function isHere(ip: string, hostname: string) {
  return (
    /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(ip) &&
    /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(hostname)
  )
}

// One plain name in a flat folder: there is no way up.
function sendFile(reply: FastifyReply, folder: string, file: string) {
  const extension = /^[\w-]+\.(html|css|svg|ts)$/.exec(file)?.[1]
  const body = extension && read(new URL(file, folders[folder]))
  if (!body) return reply.callNotFound()
  return reply.type(types[extension]!).header('cache-control', 'no-cache').send(body)
}

const kept = new Map<string, { mtimeMs: number; body: string }>()

function read(url: URL) {
  const mtimeMs = statSync(url, { throwIfNoEntry: false })?.mtimeMs
  if (mtimeMs === undefined) return null
  const last = kept.get(url.href)
  if (last?.mtimeMs === mtimeMs) return last.body
  const text = readFileSync(url, 'utf8')
  const body = url.href.endsWith('.ts') ? stripTypeScriptTypes(text) : text
  kept.set(url.href, { mtimeMs, body })
  return body
}
