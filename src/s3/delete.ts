// Deleting objects: up to a thousand in one call, each with its own outcome.

import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  type DeleteObjectsCommandOutput
} from '@aws-sdk/client-s3'

import { safeCode } from '../log.ts'
import type { S3 } from './bucket.ts'
import { call, unavailable } from './call.ts'

const MS_PER_KEY = 50 // stores that delete one after the other take some 10

export interface Deleted {
  /** What S3 itself names as deleted, or as not there: a 200 alone says nothing of any key. */
  deleted: string[]
  /** Why S3 left others alone, such as `AccessDenied`, with the number of keys. */
  refused: Record<string, number>
}

/**
 * Deletes at most 1000 objects; one that is not there counts as deleted. The deadline grows with
 * their number: a batch that can never be done in time would come back for ever.
 */
export async function deleteObjects(s3: S3, keys: string[]): Promise<Deleted> {
  const patient = { ...s3, deadlineMs: s3.deadlineMs + MS_PER_KEY * keys.length }
  const plain = keys.filter((key) => !UNSPEAKABLE.test(key))
  const outcome = plain.length > 0 ? await deleteMany(patient, plain) : { deleted: [], refused: {} }
  for (const key of keys) {
    if (UNSPEAKABLE.test(key) && (await deleteOne(s3, key))) outcome.deleted.push(key)
  }
  return outcome
}

// The body of DeleteObjects is XML, and XML has no word for these, not even escaped.
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys with these go by a call of their own
const UNSPEAKABLE = /[\u0000-\u001f\ufffe\uffff]/

async function deleteMany(s3: S3, keys: string[]): Promise<Deleted> {
  const Objects = keys.map((Key) => ({ Key }))
  const command = new DeleteObjectsCommand({ Bucket: s3.name, Delete: { Objects } })
  try {
    const answer = await call(s3, (options) =>
      s3.sender.send(command, { ...options, requestTimeout: s3.deadlineMs })
    )
    if (!answer) throw unavailable(new Error('DELETE says nothing'))
    return outcomeOf(answer, keys)
  } catch (err) {
    if (hasNoBatches(err as Error)) return deleteEach(s3, keys)
    throw err
  }
}

function outcomeOf({ Deleted = [], Errors = [] }: DeleteObjectsCommandOutput, keys: string[]) {
  const asked = new Set(keys)
  const deleted = Deleted.map(({ Key = '' }) => Key).filter((key) => asked.has(key))
  const refused: Record<string, number> = {}
  for (const { Code = 'Unknown', Key = '' } of Errors) {
    if (Code === 'NoSuchKey' && asked.has(Key)) deleted.push(Key)
    else refused[safeCode(Code)] = (refused[safeCode(Code)] ?? 0) + 1
  }
  return { deleted, refused }
}

// Google's store has no DeleteObjects.
const hasNoBatches = ({ cause }: Error) => cause instanceof Error && cause.name === 'NotImplemented'

const AT_ONCE = 20

async function deleteEach(s3: S3, keys: string[]): Promise<Deleted> {
  const deleted: string[] = []
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = keys.slice(at, at + AT_ONCE)
    const done = await Promise.all(some.map((key) => deleteOne(s3, key)))
    deleted.push(...some.filter((_, index) => done[index]))
  }
  const left = keys.length - deleted.length
  return { deleted, refused: left > 0 ? { Unknown: left } : {} }
}

// One such key must not stop what comes after it.
function deleteOne(s3: S3, Key: string) {
  const command = new DeleteObjectCommand({ Bucket: s3.name, Key })
  const sent = call(s3, (options) => s3.sender.send(command, options))
  return sent.then(
    () => true,
    () => false
  )
}
