// Deleting objects: up to a thousand in one call, each with its own outcome.

import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3'

import type { S3 } from './bucket.ts'
import { call, unavailable } from './call.ts'

/**
 * Deletes at most 1000 objects; one that is not there counts as deleted.
 * @returns the keys that S3 itself names as deleted: a 200 alone says nothing of any of them
 */
export async function deleteObjects(s3: S3, keys: string[]): Promise<string[]> {
  const plain = keys.filter((key) => !UNSPEAKABLE.test(key))
  const deleted = plain.length > 0 ? await deleteMany(s3, plain) : []
  for (const key of keys) {
    if (UNSPEAKABLE.test(key) && (await deleteOne(s3, key))) deleted.push(key)
  }
  return deleted
}

// The body of DeleteObjects is XML, and XML has no word for these, not even escaped.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSPEAKABLE = /[\u0000-\u001f\ufffe\uffff]/

async function deleteMany(s3: S3, keys: string[]) {
  const Objects = keys.map((Key) => ({ Key }))
  const command = new DeleteObjectsCommand({ Bucket: s3.name, Delete: { Objects } })
  const answer = await call(s3, (options) => s3.sender.send(command, options))
  if (!answer) throw unavailable(new Error('DELETE says nothing'))
  const asked = new Set(keys)
  return (answer.Deleted ?? []).map(({ Key = '' }) => Key).filter((key) => asked.has(key))
}

async function deleteOne(s3: S3, Key: string) {
  const command = new DeleteObjectCommand({ Bucket: s3.name, Key })
  return call(s3, (options) => s3.sender.send(command, options))
}
