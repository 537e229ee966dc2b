// Checks: we have credentials, the store answers, its clock is ours, the bucket is there.

import { sign } from '../s3/sign.ts'
import { type Check, fail, pass, type Subject, warn } from './check.ts'
import { sentence } from './errors.ts'
import { headBucket } from './http.ts'

const MOST_SKEW_MS = 30_000 // as in /health/ready

export const access: Check[] = [
  { name: 'credentials', run: credentials },
  { name: 'store', needs: ['credentials'], run: answers },
  { name: 'clock', needs: ['store'], run: clock },
  { name: 'bucket', needs: ['store'], run: bucket },
  { name: 'public address', needs: ['bucket'], run: publicAddress }
]

async function credentials({ s3, config, now }: Subject) {
  const expiration = await sign(s3, async (expiration) => expiration).catch((cause) => cause)
  if (expiration instanceof Error) {
    const advice = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role'
    return fail(sentence(expiration), advice)
  }
  if (!expiration) {
    if (!config.s3.credentials?.sessionToken) return pass('present, without an end')
    const advice = 'nobody renews AWS_SESSION_TOKEN: use a role or keys of a user of its own'
    return warn('temporary, and they do not say when they end', advice)
  }
  const seconds = Math.floor((expiration.getTime() - now().getTime()) / 1000)
  const left = `temporary, ${seconds} s left`
  const advice = `every signed URL ends with them: let them live longer than ${config.urlSeconds} s`
  return seconds < config.urlSeconds ? warn(left, advice) : pass(left)
}

async function answers(subject: Subject) {
  const endpoint = subject.config.s3.endpoint ?? 'AWS'
  try {
    await headBucket(subject, 'sender')
    return pass(endpoint)
  } catch (err) {
    return fail(`${endpoint}: ${sentence(err)}`, reachAdvice(subject, err))
  }
}

// Without path style the bucket becomes a part of the host's name, which most stores do not have.
function reachAdvice({ config }: Subject, err: unknown) {
  const isNameless = /ENOTFOUND|EAI_AGAIN/.test(sentence(err)) && !config.s3.pathStyle
  const advice = 'look at S3_ENDPOINT, and whether it runs'
  return isNameless ? `set S3_PATH_STYLE=true, or ${advice}` : advice
}

async function clock(subject: Subject) {
  const { headers } = await headBucket(subject, 'sender')
  const theirs = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(theirs)) return warn('the store does not say what time it is', 'look by hand')
  const skewMs = subject.now().getTime() - theirs
  const detail = `${Math.round(skewMs / 1000)} s from that of the store`
  if (Math.abs(skewMs) <= MOST_SKEW_MS) return pass(detail)
  return fail(detail, 'set the clock, by NTP: signatures are refused or live too long')
}

async function bucket(subject: Subject) {
  const { name } = subject.s3
  const { status, headers } = await headBucket(subject, 'sender')
  if (status === 200) return pass(name)
  const region = headers.get('x-amz-bucket-region')
  if (region && region !== subject.config.s3.region) {
    return fail(`${name} is in ${region}`, `set AWS_REGION=${region}`)
  }
  const advice: Record<number, string> = {
    400: 'look at AWS_REGION, key and secret',
    403: 'allow s3:ListBucket on it, and look at key, secret, S3_PATH_STYLE and the clock',
    404: 'directo bucket setup --create; or the key id is wrong'
  }
  return fail(`${name}: the store says ${status}`, advice[status] ?? 'try again')
}

async function publicAddress(subject: Subject) {
  const { publicEndpoint = 'AWS' } = subject.config.s3
  const advice = 'clients must reach this bucket there: look at S3_PUBLIC_ENDPOINT'
  try {
    const { status } = await headBucket(subject, 'signer')
    if (status === 200) return pass(publicEndpoint)
    return fail(`${publicEndpoint}: the store says ${status}`, advice)
  } catch (err) {
    return fail(`${publicEndpoint}: ${sentence(err)}`, `${advice}, or call the doctor where it is`)
  }
}
