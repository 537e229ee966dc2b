// Bodies are JSON and nothing else, and say everything once.

import type { FastifyInstance } from 'fastify'

import { problem } from '../errors.ts'

/** No text parser, and an empty body is no body: many clients send the header on every POST. */
export function acceptOnlyJson(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined)
    parse(request, body as string, (err, value) => {
      if (err || !saysTwice(body as string, value)) done(err, value)
      else done(problem('BAD_REQUEST', 'The JSON has a field twice.'))
    })
  })
}

// Of two values we would take the last; whoever looked at the body before us may have seen the first
// (RFC 8259, section 4). What has objects within fits no schema of ours in any case.
function saysTwice(text: string, value: unknown) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const fields = Object.values(value)
  if (fields.some((field) => typeof field === 'object' && field !== null)) return false
  // Every name ends so, and some values look alike: only then is it worth a closer look.
  if ((text.match(NAME_END)?.length ?? 0) <= fields.length) return false
  let named = 0
  for (const [, colon] of text.matchAll(STRING)) if (colon) named++
  return named > fields.length
}

const NAME_END = /"\s*:/g
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"\s*(:)?/g
