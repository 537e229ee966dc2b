// The label: one small object that says which database a bucket belongs to.

import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'

import type { S3 } from './bucket.ts'
import { call, unavailable } from './call.ts'

export const LABEL_KEY = 'directo-label'

/** What the label says, or null when there is none. */
export function readLabel(s3: S3): Promise<string | null> {
  const Range = 'bytes=0-100' // whatever lies there, it is not all read
  const command = new GetObjectCommand({ Bucket: s3.name, Key: LABEL_KEY, Range })
  return call(s3, async (options) => {
    const { Body, ContentLength = 0 } = await s3.sender.send(command, options)
    if (ContentLength > 100) throw new Error(`${LABEL_KEY} is not ours`)
    return (await Body?.transformToString()) ?? ''
  })
}

export async function writeLabel(s3: S3, text: string) {
  const command = new PutObjectCommand({
    Bucket: s3.name,
    Key: LABEL_KEY,
    Body: text,
    ContentType: 'text/plain'
  })
  const written = await call(s3, (options) => s3.sender.send(command, options))
  if (!written) throw unavailable(new Error(`there is no bucket ${s3.name}`))
}
