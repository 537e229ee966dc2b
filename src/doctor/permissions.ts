// Checks: what the service must be allowed, and what it could do without.

import {
  GetBucketAclCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

import { deleteObjects } from '../s3/delete.ts'
import { type Check, fail, newKey, type Prefix, pass, type Subject, warn } from './check.ts'
import { isRefusal, sentence, statusOf } from './errors.ts'
import { ask, assertVerdict, FILE, store } from './http.ts'

export const permissions: Check[] = [
  ...(['staging/', 'avatars/'] as const).flatMap(onObjects),
  { name: 'list', needs: ['bucket'], run: list },
  { name: 'what is missing', needs: ['bucket'], run: missing },
  { name: 'more than it needs', needs: ['bucket'], run: more }
]

function onObjects(prefix: Prefix): Check[] {
  const may = (action: string, run: (subject: Subject, key: string) => Promise<unknown>) => ({
    name: `${action} ${prefix}`,
    needs: action === 'put' ? ['bucket'] : [`put ${prefix}`],
    run: async (subject: Subject) => {
      try {
        await run(subject, newKey(subject, prefix))
        return pass('allowed')
      } catch (err) {
        const { name } = subject.s3
        const verb = `s3:${action[0]!.toUpperCase()}${action.slice(1)}Object`
        return fail(sentence(err), `allow ${verb} on arn:aws:s3:::${name}/${prefix}*`)
      }
    }
  })
  return [may('put', store), may('get', get), may('delete', remove)]
}

async function get(subject: Subject, Key: string) {
  await store(subject, Key)
  const { s3, signal } = subject
  const command = new GetObjectCommand({ Bucket: s3.name, Key })
  const { Body } = await s3.sender.send(command, { abortSignal: signal })
  const bytes = await Body?.transformToByteArray()
  if (!FILE.equals(bytes ?? Buffer.alloc(0))) throw new Error('other bytes than were put there')
}

async function remove(subject: Subject, Key: string) {
  await store(subject, Key)
  const { s3 } = subject
  const { deleted, refused } = await deleteObjects(s3, [Key])
  if (deleted.length === 0) throw new Error(Object.keys(refused).join() || 'it is not confirmed')
  const url = await getSignedUrl(s3.sender, new GetObjectCommand({ Bucket: s3.name, Key }))
  const answer = await ask(subject, url)
  assertVerdict(answer)
  if (answer.status < 400) throw new Error('it can still be read')
}

async function list({ s3, signal }: Subject) {
  const command = new ListObjectsV2Command({ Bucket: s3.name, Prefix: 'staging/', MaxKeys: 1 })
  try {
    await s3.sender.send(command, { abortSignal: signal })
    return pass('allowed')
  } catch (err) {
    return fail(sentence(err), `allow s3:ListBucket on arn:aws:s3:::${s3.name}`)
  }
}

// Without ListBucket S3 says 403, and an upload whose bytes are not there yet looks like a failure.
async function missing(subject: Subject) {
  const { s3, signal } = subject
  const command = new HeadObjectCommand({ Bucket: s3.name, Key: newKey(subject, 'staging/') })
  try {
    await s3.sender.send(command, { abortSignal: signal })
    return fail('the store says that there is an object where none is', 'do not use this store')
  } catch (err) {
    if (statusOf(err) === 404) return pass('is 404')
    return fail(sentence(err), `allow s3:ListBucket on arn:aws:s3:::${s3.name}`)
  }
}

// Reading alone: whoever may read the settings of buckets has likely been given everything.
async function more({ s3, signal }: Subject) {
  const Bucket = s3.name
  const options = { abortSignal: signal }
  const allowed = {
    's3:ListAllMyBuckets': () => s3.sender.send(new ListBucketsCommand({}), options),
    's3:GetBucketPolicy': () => s3.sender.send(new GetBucketPolicyCommand({ Bucket }), options),
    's3:GetBucketAcl': () => s3.sender.send(new GetBucketAclCommand({ Bucket }), options)
  }
  const found = []
  for (const [name, attempt] of Object.entries(allowed)) {
    if (await mayDo(attempt)) found.push(name)
  }
  if (found.length === 0) return pass('not allowed')
  const advice = 'where the store has permissions, give the service a policy of its own'
  return warn(`allowed: ${found.join(', ')}`, advice)
}

async function mayDo(attempt: () => Promise<unknown>) {
  try {
    await attempt()
    return true
  } catch (err) {
    if (!isRefusal(err)) throw err
    return statusOf(err) === 404 // there is no policy, or it would have been shown
  }
}
