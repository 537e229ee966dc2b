// PostObject: a browser's form becomes an object, within what the policy's signer allowed.

import { type Answer, quoted, xmlAnswer } from './answer.ts'
import { checkCredential } from './authenticate.ts'
import { type Call, encodePath } from './call.ts'
import { ALGORITHM, readCredential, readDate, unsupportedVersion } from './claim.ts'
import type { Deps } from './deps.ts'
import { algorithmOf, compareChecksums, namedChecksums, startDigests } from './digests.ts'
import { S3Error } from './errors.ts'
import { type Form, readForm } from './form.ts'
import { headerBytes, metadataOf } from './metadata.ts'
import { tooLarge } from './payload.ts'
import { judgePolicy, type Policy, readPolicy, type SizeLimits } from './policy.ts'
import { sameSignature, signerOf } from './signer.ts'
import type { Bucket, Draft, ObjectFacts } from './store.ts'

type Fields = Form['fields']

export async function postObject(deps: Deps, call: Call, bucket: Bucket): Promise<Answer> {
  if (call.headers['content-length'] === undefined) throw new S3Error('MissingContentLength')
  const { fields, file } = await readForm(call)
  const limits = await authorize(deps, call, fields)
  const key = readKey(fields)
  call.key = key // a form names its key only here
  const values = Object.fromEntries([...fields].map(([name, value]) => [name, headerBytes(value)]))
  const headers = metadataOf(values, deps.lies.has('policy-coverage'))
  const draft = await bucket.draft()
  try {
    const received = await receiveFile(deps, file, draft, limits, namedChecksums(values))
    const facts = { key, ...received, headers, lastModifiedMs: deps.now().getTime() }
    draft.commit(facts)
    return success(deps, bucket, facts, fields)
  } finally {
    draft.discard()
  }
}

/** What size the signer allowed. @throws {S3Error} AccessDenied and its like */
async function authorize(deps: Deps, call: Call, fields: Fields): Promise<SizeLimits> {
  const { lies, now } = deps
  const policy = fields.get('policy')
  if (lies.has('signature')) return judgePolicy(gullibly(policy), fields, call.bucket, now(), lies)
  if (policy === undefined) throw new S3Error('AccessDenied')
  await checkSignature(deps, fields, policy)
  return judgePolicy(readPolicy(policy), fields, call.bucket, now(), lies)
}

function gullibly(policy = ''): Policy {
  try {
    return readPolicy(policy)
  } catch {
    return { expiresAt: new Date(8.64e15), conditions: [] }
  }
}

async function checkSignature(deps: Deps, fields: Fields, policy: string) {
  if (fields.has('awsaccesskeyid')) throw unsupportedVersion()
  if (required(fields, 'x-amz-algorithm') !== ALGORITHM) throw unsupportedVersion()
  const signedAt = readDate(required(fields, 'x-amz-date'))
  if (!signedAt) throw new S3Error('InvalidArgument', 'X-Amz-Date must be in ISO8601 Long Format')
  const credential = required(fields, 'x-amz-credential')
  const signature = required(fields, 'x-amz-signature')
  const code = 'AuthorizationQueryParametersError'
  const sessionToken = fields.get('x-amz-security-token')
  checkCredential(deps, { ...readCredential(credential, code), signedAt, sessionToken }, code)
  if (deps.lies.has('policy-signature')) return
  const expected = await signerOf(deps).sign(policy, { signingDate: signedAt })
  if (!sameSignature(expected, signature)) throw new S3Error('SignatureDoesNotMatch')
}

function required(fields: Fields, name: string): string {
  const value = fields.get(name)
  if (value !== undefined) return value
  const message = `Bucket POST must contain a field named '${name}'. If it is specified, please check the order of the fields.`
  throw new S3Error('InvalidArgument', message, { ArgumentName: name })
}

function readKey(fields: Fields): string {
  const key = required(fields, 'key')
  if (key === '') {
    throw new S3Error('InvalidArgument', 'User key must have a length greater than 0.')
  }
  if (Buffer.byteLength(key) > 1024) {
    throw new S3Error('KeyTooLongError', undefined, { MaxSizeAllowed: 1024 })
  }
  return key
}

async function receiveFile(
  deps: Deps,
  file: Form['file'],
  draft: Draft,
  { min, max }: SizeLimits,
  checksums: ObjectFacts['checksums']
) {
  const allowed = Math.min(max, deps.maxObjectBytes)
  const digests = startDigests(['md5', ...Object.keys(checksums).map(algorithmOf)])
  let sizeBytes = 0
  for await (const bytes of file) {
    sizeBytes += bytes.length
    if (sizeBytes > allowed) throw tooLarge(sizeBytes, allowed)
    const written = draft.write(bytes)
    digests.update(bytes)
    await written
  }
  if (sizeBytes < min) {
    const details = { ProposedSize: sizeBytes, MinSizeAllowed: min }
    throw new S3Error('EntityTooSmall', undefined, details)
  }
  if (!deps.lies.has('checksum')) compareChecksums(digests, checksums)
  return { sizeBytes, etag: digests.digest('md5').toString('hex'), checksums }
}

function success({ endpoint }: Deps, bucket: Bucket, facts: ObjectFacts, fields: Fields): Answer {
  const { key } = facts
  const etag = quoted(facts)
  const location = `${endpoint}/${bucket.name}/${encodePath(key)}`
  const redirect = fields.get('success_action_redirect') ?? fields.get('redirect') ?? ''
  if (URL.canParse(redirect)) {
    const url = new URL(redirect)
    for (const [name, value] of Object.entries({ bucket: bucket.name, key, etag })) {
      url.searchParams.set(name, value)
    }
    return { status: 303, headers: { location: url.href, etag } }
  }
  const wanted = fields.get('success_action_status')
  if (wanted !== '201') return { status: wanted === '200' ? 200 : 204, headers: { location, etag } }
  const fieldsOfXml = { Location: location, Bucket: bucket.name, Key: key, ETag: etag }
  const answer = xmlAnswer('PostResponse', fieldsOfXml, 201)
  return { ...answer, headers: { ...answer.headers, location, etag } }
}
