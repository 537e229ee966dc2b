// Checks: what the bucket is set to: CORS, public access, versions.

import {
  GetBucketCorsCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand
} from '@aws-sdk/client-s3'

import type { Config } from '../config.ts'
import { type Check, CLOSED, fail, newKey, note, pass, type Subject, warn } from './check.ts'
import { isForbidden, isRefusal, isUnknownCall, sentence, statusOf } from './errors.ts'
import { ask, plainUrl } from './http.ts'
import { keepsNoncurrent, readRules } from './lifecycle.ts'

export const settings = ({ corsOrigins }: Config): Check[] => [
  { name: 'CORS rules', needs: ['bucket'], ability: 'cors', run: corsRules },
  ...(corsOrigins.length > 0 ? corsOrigins.map(preflight) : [noOrigins]),
  { name: 'public access block', needs: ['bucket'], run: accessBlock },
  { name: 'versions', needs: ['bucket'], run: versions }
]

async function corsRules({ s3, signal }: Subject) {
  try {
    await s3.sender.send(new GetBucketCorsCommand({ Bucket: s3.name }), { abortSignal: signal })
  } catch (err) {
    if (!isRefusal(err)) throw err
    if (isUnknownCall(err)) return fail('the store has no call for them')
    if (isForbidden(err)) return pass('we may not read them')
    if (statusOf(err) !== 404) return fail(sentence(err))
  }
  return pass('the store has them')
}

const noOrigins: Check = {
  name: 'CORS',
  run: async () => note('CORS_ORIGINS is empty: no page of another origin can upload')
}

function preflight(origin: string): Check {
  const advice = `directo bucket setup, which lets CORS_ORIGINS send by POST and PUT`
  return {
    name: `CORS for ${origin}`,
    needs: ['public address'],
    run: async (subject) => {
      const { can } = subject.s3.store
      const refusals = []
      if (can.has('post') && !(await allows(subject, origin, 'POST'))) refusals.push('POST')
      if (can.has('put') && !(await allows(subject, origin, 'PUT'))) refusals.push('PUT')
      if (refusals.length > 0) return fail(`${refusals.join(' and ')} refused`, advice)
      return pass('allowed')
    }
  }
}

// As a browser asks before it sends: a form goes to the bucket, a PUT to its key.
async function allows(subject: Subject, origin: string, method: 'POST' | 'PUT') {
  const isForm = method === 'POST'
  const url = await plainUrl(subject, isForm ? undefined : newKey(subject, 'staging/'))
  const signed = 'content-type,if-none-match,x-amz-checksum-sha256'
  const headers: Record<string, string> = { origin, 'access-control-request-method': method }
  if (!isForm) headers['access-control-request-headers'] = signed
  const reply = await ask(subject, url, { method: 'OPTIONS', headers })
  const listed = (name: string) => (reply.headers.get(name) ?? '').toLowerCase().split(/, */)
  const has = (name: string, one: string) => listed(name).some((it) => it === '*' || it === one)
  const asked = isForm ? [] : signed.split(',')
  return (
    reply.status < 300 &&
    has('access-control-allow-origin', origin) &&
    (isForm || has('access-control-allow-methods', 'put')) && // a form's POST needs no leave
    asked.every((name) => has('access-control-allow-headers', name))
  )
}

async function accessBlock({ s3, signal }: Subject) {
  const command = new GetPublicAccessBlockCommand({ Bucket: s3.name })
  try {
    const answer = await s3.sender.send(command, { abortSignal: signal })
    const { IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } =
      answer.PublicAccessBlockConfiguration ?? {}
    // Not BlockPublicAcls: see the set-up.
    if (IgnorePublicAcls && BlockPublicPolicy && RestrictPublicBuckets) return pass('is on')
  } catch (err) {
    if (!isRefusal(err)) throw err
    if (isUnknownCall(err)) return note('the store has no call for it')
    if (isForbidden(err)) return note('we may not read it (s3:GetBucketPublicAccessBlock)')
    if (statusOf(err) !== 404) return note(sentence(err))
  }
  return warn('is not on', CLOSED)
}

const NONCURRENT =
  'deleted pictures stay: add the lifecycle rule {"ID": "directo-versions", "Status": "Enabled", ' +
  '"Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}'

async function versions({ s3, signal }: Subject) {
  const options = { abortSignal: signal }
  try {
    const command = new GetBucketVersioningCommand({ Bucket: s3.name })
    const { Status } = await s3.sender.send(command, options)
    if (!Status) return pass('not kept') // suspended, it keeps those there were
    const rules = (await readRules(s3, signal)) ?? []
    const kept = keepsNoncurrent(rules)
    const finding = kept ? warn('kept for ever', NONCURRENT) : pass('kept, and expire')
    return { ...finding, can: 'versions' as const }
  } catch (err) {
    if (!isRefusal(err)) throw err
    return note(`cannot be read (${sentence(err)})`)
  }
}
