// CopyObject: a new object with the source's bytes, with its metadata or with new metadata.

import { type Answer, checksumElements, quoted, xmlAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { checkWriteConditions, judgeConditions, preconditionFailed } from './conditions.ts'
import type { Deps } from './deps.ts'
import { S3Error } from './errors.ts'
import { metadataOf } from './metadata.ts'
import type { Bucket, StoredObject } from './store.ts'

const SOURCE = 'x-amz-copy-source'

export async function copyObject(deps: Deps, call: Call, bucket: Bucket): Promise<Answer> {
  const { key, headers } = call
  const source = findSource(deps, headers[SOURCE]!)
  const replaces = readDirective(headers)
  if (!replaces && source.bucket === bucket.name && source.object.key === key) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
    )
  }
  const kept = metadataOf(headers)
  const checkDestination = () => {
    if (!deps.lies.has('put-if-none-match')) {
      checkWriteConditions(headers, bucket.objects.get(key))
    }
  }
  if (!deps.lies.has('copy-conditions')) {
    const judgement = judgeConditions(headers, source.object, `${SOURCE}-`)
    if (judgement !== 'go') throw preconditionFailed(`${SOURCE}-If-*`)
  }
  checkDestination()
  const bytes = source.object.read() // from here on the source may be overwritten
  const draft = await bucket.draft()
  try {
    for await (const piece of bytes) await draft.write(piece)
    checkDestination()
    const { etag, sizeBytes, checksums } = source.object
    const copied = {
      ...{ key, etag, sizeBytes, checksums },
      headers: replaces && !deps.lies.has('copy-metadata') ? kept : source.object.headers,
      lastModifiedMs: deps.now().getTime()
    }
    draft.commit(copied)
    return xmlAnswer('CopyObjectResult', {
      LastModified: new Date(copied.lastModifiedMs).toISOString(),
      ETag: quoted(copied),
      ...checksumElements(copied)
    })
  } finally {
    bytes.destroy()
    draft.discard()
  }
}

function findSource({ store }: Deps, header: string): { bucket: string; object: StoredObject } {
  const [, name = '', key = ''] = /^\/?([^/]+)\/(.+)$/s.exec(decodeSource(header)) ?? []
  if (!name) {
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey'
    )
  }
  const bucket = store.buckets.get(name)
  if (!bucket) throw new S3Error('NoSuchBucket', undefined, { BucketName: name })
  const object = bucket.objects.get(key)
  if (!object) throw new S3Error('NoSuchKey', undefined, { Key: key })
  return { bucket: name, object }
}

function decodeSource(header: string): string {
  if (header.includes('?')) throw new S3Error('NotImplemented') // ?versionId=
  try {
    return decodeURIComponent(header)
  } catch {
    throw new S3Error('InvalidArgument', `${SOURCE} must be URL encoded`)
  }
}

function readDirective(headers: Record<string, string>): boolean {
  const directive = headers['x-amz-metadata-directive'] ?? 'COPY'
  if (directive === 'REPLACE') return true
  if (directive === 'COPY') return false
  throw new S3Error('InvalidArgument', 'Unknown metadata directive.')
}
