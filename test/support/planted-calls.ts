// Every call of the service, each with a secret in all that it sends, and what is left of the answers
// without that which is only for the caller.

import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

import { type Canaries, canary } from './canaries.ts'
import { padded, png } from './pictures.ts'
import { type ServiceProcess, tokenOf } from './process.ts'

export interface Kept {
  secrets: Canaries
  /** Secrets that answers are made of: tokens, forms, signed URLs; and ids, which are no business of a log. */
  own: Canaries
  answers: string[]
  /** The last status of each call. */
  statuses: Record<string, number>
}

const picture = padded(png(64), 400)

export async function makePlantedCalls(
  { url: base }: Pick<ServiceProcess, 'url'>,
  jwtSecret: string,
  { secrets, own, answers, statuses }: Kept,
  userId: string
) {
  const of = (name: string) => encodeURIComponent(secrets[name]!)
  const token = tokenOf(userId, {}, jwtSecret)
  const admin = tokenOf('an-admin', { scope: 'avatars:admin' }, jwtSecret)
  for (const one of [token, admin]) own[`token ${one.slice(-6)}`] = one.split('.')[2]!
  own[`user ${userId}`] = userId
  const headers = {
    authorization: `Bearer ${token}`,
    cookie: `session=${secrets.cookie}`,
    'x-api-key': secrets['api-key']!,
    'user-agent': secrets.agent!,
    referer: `https://app.example/?${of('referer')}`,
    origin: `https://${of('origin')}.example`,
    forwarded: `for=${secrets.forwarded}`,
    'x-forwarded-for': secrets.forwarded!,
    traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`,
    tracestate: `vendor=${secrets.tracestate}`,
    baggage: `secret=${of('baggage')}`,
    'x-request-id': `${secrets['request-id']}${'x'.repeat(64)}`
  }

  async function call(what: string, path: string, init: RequestInit = {}, take: Take = () => []) {
    const reply = await fetch(base + path, {
      redirect: 'manual',
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string>) }
    })
    statuses[what] = reply.status
    const said = Object.fromEntries(reply.headers)
    const body = await reply.text()
    const json = /json/.test(said['content-type'] ?? '') && body ? JSON.parse(body) : body
    const whole = structuredClone(json)
    // What the answer is there for, a form or a signed URL, must be nowhere else.
    if (reply.status < 400) for (const one of take(json, said)) remember(own, one)
    answers.push(JSON.stringify([what, said, json]))
    return whole
  }
  const json = (body: unknown) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })
  const declared = { purpose: 'avatar', contentType: 'image/png', sizeBytes: picture.length }
  const asAdmin = { method: 'DELETE', headers: { authorization: `Bearer ${admin}` } }

  async function send(bytes: Buffer) {
    const { id, request } = await call('create', '/api/uploads', json(declared), takeForm)
    if (!request) return undefined
    own[`upload ${id.slice(-6)}`] = id
    const form = new FormData()
    for (const [name, value] of Object.entries<string>(request.fields)) form.append(name, value)
    form.append('file', new Blob([new Uint8Array(bytes)]), secrets['file-name'])
    await fetch(request.url, { method: 'POST', body: form }).then(
      (reply) => reply.arrayBuffer(),
      () => {}
    )
    return id as string
  }

  const id = (await send(picture)) ?? 'a'.repeat(32)
  await call('confirm', `/api/uploads/${id}/confirm`, { method: 'POST' }, takeUrl)
  await call('confirm again', `/api/uploads/${id}/confirm`, { method: 'POST' }, takeUrl)
  await call('read upload', `/api/uploads/${id}`)
  const forged = (await send(Buffer.alloc(400, secrets.upload))) ?? id
  await call('reject', `/api/uploads/${forged}/confirm`, { method: 'POST' }, takeUrl)
  await call('read rejected', `/api/uploads/${forged}`)
  const unsent = await call('create', '/api/uploads', json(declared), takeForm)
  await call('abort', `/api/uploads/${unsent.id ?? id}`, { method: 'DELETE' })
  await call('read', '/api/users/me/avatar', {}, takeUrl)
  await call('batch', `/api/avatars?userId=${userId}&userId=me`, {}, takeUrl)
  await call('redirect', `/avatars/${userId}`, {}, takeUrl)
  await call('placeholder', `/avatars/nobody?default=identicon`)
  await call('query', `/api/users/me/avatar?token=${of('query')}`)
  await call('unknown', `/${of('path')}/x?${of('query')}`)
  await call('broken path', `/api/uploads/%zz${of('path')}`)
  await call('long path', `/api/uploads/${of('path')}${'a'.repeat(200)}`)
  await call('other method', `/health/live?${of('query')}`, { method: 'PUT', body: secrets.body })
  // A refusal has both sides of the disagreement, so this one may be in its answer.
  own['declared type'] ??= canary('declared-type')
  await call('value', '/api/uploads', json({ ...declared, contentType: own['declared type'] }))
  await call('half JSON', '/api/uploads', json(`{"purpose":"${secrets.body}`))
  await call('large', '/api/uploads', json(`"${secrets.body!.repeat(1000)}"`))
  const form = new FormData()
  form.append('file', new Blob([secrets.upload!]), secrets['file-name'])
  await call('form', '/api/uploads', { method: 'POST', body: form })
  for (const [what, authorization] of [
    ['no JWT', `Bearer ${secrets['bad-token']}`],
    ['forged', `Bearer ${token.slice(0, -20)}${'A'.repeat(20)}`],
    ['basic', `Basic ${btoa(`ada:${secrets.basic}`)}`]
  ]) {
    await call(what!, '/api/users/me/avatar', { headers: { authorization: authorization! } })
  }
  await call('metrics', '/metrics', {
    headers: { authorization: `Bearer ${secrets['metrics-token']}` }
  })
  await call('docs', '/openapi.json')
  await call('ready', '/health/ready')
  await call('remove', '/api/users/me/avatar', { method: 'DELETE' })
  await call('erase', `/api/users/${userId}`, asAdmin)
  const { port } = new URL(base)
  const garbage = connect(Number(port), '127.0.0.1').end(
    `GET /${secrets.garbage} ${secrets.garbage}\r\n\r\n`
  )
  answers.push(await text(garbage))
}

type Json = Record<string, unknown>
/** Takes out of an answer what is for its caller alone. */
type Take = (json: Json, headers: Record<string, string>) => unknown[]

const takeForm: Take = (json) => [taken(json, 'request')]

const takeUrl: Take = (json, headers) => {
  const many = (json.avatars as { avatar?: Json }[] | undefined) ?? []
  const avatars = [json, json.avatar as Json | undefined, ...many.map(({ avatar }) => avatar)]
  return [taken(headers, 'location'), ...avatars.map((one) => one && taken(one, 'url'))].filter(
    Boolean
  )
}

function taken(from: Json, name: string) {
  const value = from[name]
  delete from[name]
  return value
}

// A form's policy and signature; a URL's signature and the key of its object.
function remember(own: Canaries, one: unknown) {
  if (typeof one === 'string') {
    const { pathname, searchParams } = new URL(one)
    own[`signature ${one.slice(-6)}`] = searchParams.get('X-Amz-Signature')!
    own[`key ${pathname.slice(-6)}`] = pathname.split('/').at(-1)!
    return
  }
  const { fields } = one as { fields: Record<string, string> }
  const signature = fields['x-amz-signature'] ?? fields['X-Amz-Signature']!
  own[`signature ${signature.slice(-6)}`] = signature
  own[`policy ${signature.slice(-6)}`] = (fields.policy ?? fields.Policy)!
}
