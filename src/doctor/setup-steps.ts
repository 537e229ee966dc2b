// What a bucket needs beside being there, as calls that are only made once it is known what they say.

import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetPublicAccessBlockCommand,
  type PublicAccessBlockConfiguration,
  PutBucketCorsCommand,
  type PutBucketCorsCommandInput,
  PutBucketEncryptionCommand,
  type PutBucketEncryptionCommandInput,
  PutBucketLifecycleConfigurationCommand,
  type PutBucketLifecycleConfigurationCommandInput,
  PutPublicAccessBlockCommand,
  type S3Client
} from '@aws-sdk/client-s3'

import type { Config } from '../config.ts'

/** A call that would be made. */
export interface Call {
  verb: string
  input: object
  send: () => Promise<unknown>
}

export interface Step {
  what: string
  /** Without it nothing else can be done. */
  vital?: boolean
  /** Which vendors have a form of their own for it. */
  form?: 'cors' | 'lifecycle'
  /** Null when nothing is to be done. */
  plan: () => Promise<Call | null>
  /** Whether the store did what it said: some answer 200 to what they do not know. */
  isKept?: () => Promise<boolean>
}

/** The store showed that it has no call for a step. */
export class NoCall extends Error {}

export function stepsOf(sender: S3Client, { s3: { bucket }, corsOrigins }: Config): Step[] {
  return [
    {
      what: `CORS for ${corsOrigins.join(', ') || 'no origin'}`,
      form: 'cors',
      plan: () => planCors(sender, bucket, corsOrigins),
      isKept: async () => (await readCors(sender, bucket)).some(isOurs) === corsOrigins.length > 0
    },
    {
      what: 'staging/ expires after a day',
      form: 'lifecycle',
      plan: () => planLifecycle(sender, bucket),
      isKept: async () => (await readLifecycle(sender, bucket)).some(isOurs)
    },
    {
      what: 'public access is blocked',
      plan: () => planPublicAccess(sender, bucket),
      isKept: async () => isClosed(await readPublicAccess(sender, bucket))
    },
    {
      what: 'objects are encrypted',
      plan: () => planEncryption(sender, bucket),
      isKept: () => isEncrypted(sender, bucket)
    }
  ]
}

const ID = 'directo' // of our rules: others are somebody else's and stay

async function planCors(sender: S3Client, Bucket: string, origins: string[]) {
  const rules = await readCors(sender, Bucket)
  const theirs = others(rules)
  if (origins.length === 0) {
    if (theirs.length === rules.length) return null
    if (theirs.length === 0) {
      const send = () => sender.send(new DeleteBucketCorsCommand({ Bucket }))
      return { verb: 'DeleteBucketCors', input: { Bucket }, send }
    }
  }
  const rule = {
    ID,
    AllowedOrigins: origins,
    AllowedMethods: ['GET', 'HEAD', 'POST', 'PUT'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 3600
  }
  const CORSConfiguration = { CORSRules: origins.length > 0 ? [...theirs, rule] : theirs }
  const input: PutBucketCorsCommandInput = { Bucket, CORSConfiguration }
  return { verb: 'PutBucketCors', input, send: () => sender.send(new PutBucketCorsCommand(input)) }
}

// The backstop below the janitor: a grant used at its last moment can land after every sweep.
async function planLifecycle(sender: S3Client, Bucket: string) {
  const rule = {
    ID,
    Status: 'Enabled' as const,
    Filter: { Prefix: 'staging/' },
    Expiration: { Days: 1 }
  }
  const LifecycleConfiguration = { Rules: [...others(await readLifecycle(sender, Bucket)), rule] }
  const input: PutBucketLifecycleConfigurationCommandInput = { Bucket, LifecycleConfiguration }
  const send = () => sender.send(new PutBucketLifecycleConfigurationCommand(input))
  return { verb: 'PutBucketLifecycleConfiguration', input, send }
}

// Not BlockPublicAcls: with it Ceph 16 refuses every PUT, and an ACL that is ignored opens nothing.
const CLOSED = { IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true }

async function planPublicAccess(sender: S3Client, Bucket: string) {
  const found = await readPublicAccess(sender, Bucket)
  if (isClosed(found)) return null
  const input = { Bucket, PublicAccessBlockConfiguration: { ...found, ...CLOSED } }
  const send = () => sender.send(new PutPublicAccessBlockCommand(input))
  return { verb: 'PutPublicAccessBlock', input, send }
}

async function readPublicAccess(sender: S3Client, Bucket: string) {
  const reading = sender.send(new GetPublicAccessBlockCommand({ Bucket }))
  return (await orNothing(reading)).PublicAccessBlockConfiguration
}

const isClosed = (found?: PublicAccessBlockConfiguration) =>
  Object.keys(CLOSED).every((name) => found?.[name as keyof typeof CLOSED])

// Whatever is there stays: it may be a key of their own.
async function planEncryption(sender: S3Client, Bucket: string) {
  if (await isEncrypted(sender, Bucket)) return null
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }
  const ServerSideEncryptionConfiguration = { Rules: [rule] }
  const input: PutBucketEncryptionCommandInput = { Bucket, ServerSideEncryptionConfiguration }
  const send = () => sender.send(new PutBucketEncryptionCommand(input))
  return { verb: 'PutBucketEncryption', input, send }
}

async function isEncrypted(sender: S3Client, Bucket: string) {
  const { ServerSideEncryptionConfiguration: found } = await orNothing(
    sender.send(new GetBucketEncryptionCommand({ Bucket }))
  )
  // Ceph 16 passes over what it does not know and lists the bucket instead: there are no rules in that.
  if (found && !found.Rules) throw new NoCall()
  return Boolean(found)
}

async function readCors(sender: S3Client, Bucket: string) {
  const { CORSRules = [] } = await orNothing(sender.send(new GetBucketCorsCommand({ Bucket })))
  return CORSRules
}

async function readLifecycle(sender: S3Client, Bucket: string) {
  const reading = sender.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
  const { Rules = [] } = await orNothing(reading)
  return Rules
}

const isOurs = (rule: { ID?: string }) => rule.ID === ID

const others = <Rule extends { ID?: string }>(rules: Rule[]) =>
  rules.filter((rule) => !isOurs(rule))

const NOTHING = new RegExp(
  [
    '^(NoSuchCORSConfiguration|NoSuchLifecycleConfiguration|NoSuchPublicAccessBlockConfiguration',
    'ServerSideEncryptionConfigurationNotFoundError|NotFound',
    'NoSuchBucket)$' // a dry run does not make it
  ].join('|')
)

async function orNothing<Answer extends object>(
  reading: Promise<Answer>
): Promise<Partial<Answer>> {
  try {
    return await reading
  } catch (err) {
    if (NOTHING.test((err as Error).name)) return {}
    throw err
  }
}
