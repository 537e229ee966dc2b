// Where clients find the bucket: the official presigner says so, once.

import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

import { inTime } from './sign.ts'
import { signingKeys } from './sigv4.ts'

export interface Place {
  /** As in `https://bucket.s3.eu-west-1.amazonaws.com`. */
  origin: string
  host: string
  protocol: string
  hostname: string
  port: string
  /** What stands before `/` and the key: the bucket, or nothing. */
  path: string
  /** That signatures name. */
  region: string
}

const PROBE = '-'

/**
 * Partitions, path style, names with dots and endpoints from the environment all have a say in an
 * address: instead of knowing the rules, we look at what the SDK makes of them.
 * @throws when this bucket's URLs are not signed by Signature V4 for S3, as those of S3 Express are
 */
export async function placeOf(client: S3Client, bucket: string): Promise<Place> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: PROBE })
  const url = new URL(await getSignedUrl(client, command))
  // key id/date/region/service/aws4_request, and stores let key ids have slashes
  const scope = url.searchParams.get('X-Amz-Credential')?.split('/') ?? []
  const [region, service] = scope.slice(-3)
  const algorithm = url.searchParams.get('X-Amz-Algorithm')
  if (algorithm !== 'AWS4-HMAC-SHA256' || service !== 's3' || !region) {
    throw new Error(`URLs of ${bucket} would need ${algorithm} for ${service}`)
  }
  const path = url.pathname.slice(0, -`/${PROBE}`.length)
  const { origin, host, protocol, port } = url
  const hostname = url.hostname.replace(/^\[|\]$/g, '') // of an address of IPv6
  return { origin, host, protocol, hostname, port, path, region }
}

export type KnownPlace = Place & { keyOf: ReturnType<typeof signingKeys> }

export type FindPlace = ReturnType<typeof rememberPlaces>

/** The places of a client's buckets, each asked for once; at once where it is known. */
export function rememberPlaces(client: S3Client) {
  const places = new Map<string, KnownPlace>()
  async function find(bucket: string, deadlineMs: number) {
    const found = await inTime(placeOf(client, bucket), deadlineMs)
    const place = { ...found, keyOf: signingKeys(found.region) }
    places.set(bucket, place)
    return place
  }
  return (bucket: string, deadlineMs: number): KnownPlace | Promise<KnownPlace> =>
    places.get(bucket) ?? find(bucket, deadlineMs)
}
