// Signing: local work, but for the credentials, which may have to be fetched.

import type { S3 } from './bucket.ts'
import { unavailable } from './call.ts'

/**
 * Signs with the credentials there are now, and says when these end.
 * @throws {Problem} STORAGE_UNAVAILABLE when there are none, or none in time
 */
export async function sign<Signed>(s3: S3, make: (expiration?: Date) => Promise<Signed>) {
  try {
    const signing = s3.signer.config.credentials().then(({ expiration }) => make(expiration))
    return await inTime(signing, s3.deadlineMs)
  } catch (err) {
    throw unavailable(err)
  }
}

/** What comes of the promise, if it comes in time. */
export async function inTime<Result>(promise: Promise<Result>, ms: number) {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no credentials within ${ms} ms`)), ms)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The SDK signs an hour with two minutes of credentials left; S3 honours the two minutes. */
export const earlier = (own: Date, expiration?: Date) =>
  expiration && expiration < own ? expiration : own
