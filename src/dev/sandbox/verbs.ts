// Which verb of S3 a method, a place and a query add up to.

export type Verb = (typeof table)[number][0] | 'Preflight' | 'NotImplemented'

type Place = 'service' | 'bucket' | 'object'

const table = [
  ['ListBuckets', 'GET', 'service', ''],
  ['CreateBucket', 'PUT', 'bucket', ''],
  ['HeadBucket', 'HEAD', 'bucket', ''],
  ['DeleteBucket', 'DELETE', 'bucket', ''],
  ['ListObjectsV2', 'GET', 'bucket', 'list-type'],
  ['GetBucketLocation', 'GET', 'bucket', 'location'],
  ['GetBucketVersioning', 'GET', 'bucket', 'versioning'],
  ['GetBucketCors', 'GET', 'bucket', 'cors'],
  ['PutBucketCors', 'PUT', 'bucket', 'cors'],
  ['DeleteBucketCors', 'DELETE', 'bucket', 'cors'],
  ['GetBucketLifecycle', 'GET', 'bucket', 'lifecycle'],
  ['PutBucketLifecycle', 'PUT', 'bucket', 'lifecycle'],
  ['DeleteBucketLifecycle', 'DELETE', 'bucket', 'lifecycle'],
  ['GetPublicAccessBlock', 'GET', 'bucket', 'publicAccessBlock'],
  ['PutPublicAccessBlock', 'PUT', 'bucket', 'publicAccessBlock'],
  ['DeletePublicAccessBlock', 'DELETE', 'bucket', 'publicAccessBlock'],
  ['GetBucketEncryption', 'GET', 'bucket', 'encryption'],
  ['PutBucketEncryption', 'PUT', 'bucket', 'encryption'],
  ['DeleteBucketEncryption', 'DELETE', 'bucket', 'encryption'],
  ['DeleteObjects', 'POST', 'bucket', 'delete'],
  ['PostObject', 'POST', 'bucket', ''],
  ['PutObject', 'PUT', 'object', ''],
  ['CopyObject', 'PUT', 'object', 'x-amz-copy-source'],
  ['GetObject', 'GET', 'object', ''],
  ['HeadObject', 'HEAD', 'object', ''],
  ['DeleteObject', 'DELETE', 'object', '']
] as const

// What S3 takes for another verb altogether: none of these may be mistaken for a plain PUT or GET.
const SUBRESOURCES = new Set(
  [
    'accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory',
    'legal-hold lifecycle list-type location logging metadataTable metrics notification',
    'object-lock ownershipControls partNumber policy policyStatus publicAccessBlock renameObject',
    'replication requestPayment restore retention select session tagging torrent uploadId uploads',
    'versionId versioning versions website x-amz-copy-source'
  ].flatMap((line) => line.split(' '))
)

/** `asked` are the names of the query, and of headers that change the verb. */
export function verbOf(method: string, bucket: string, key: string, asked: string[]): Verb {
  if (method === 'OPTIONS') return 'Preflight'
  const place: Place = key ? 'object' : bucket ? 'bucket' : 'service'
  const wanted = asked.filter((name) => SUBRESOURCES.has(name)).join()
  const row = table.find((row) => row[1] === method && row[2] === place && row[3] === wanted)
  return row?.[0] ?? 'NotImplemented'
}
