// Verify: compare what is stored with what was declared and with what is allowed.

import type { Config } from '../config.ts'
import { inspect, type Picture } from '../images/inspect.ts'
import type { Reason } from '../reasons.ts'
import type { StoredObject } from '../s3/head.ts'
import type { Examined } from './examine.ts'

export interface DeclaredObject {
  contentType: string
  sizeBytes: number
  sha256: string | null
}

/** Judges an object by what S3 says of it; no bytes are needed. */
export function verifyMetadata(declared: DeclaredObject, staged: StoredObject): Reason[] {
  const reasons = sizeReasons(declared, staged.sizeBytes)
  if (staged.contentType !== declared.contentType) {
    reasons.push(contentTypeReason(declared, staged.contentType || 'none'))
  }
  return [...reasons, ...encodingReasons(staged)]
}

/** Judges the bytes themselves: every reason against them, and the picture they hold. */
export function verifyBytes(
  limits: Config['avatar'],
  declared: DeclaredObject,
  { bytes, contentEncoding, sha256 }: Examined
): { reasons: Reason[]; picture: Picture } {
  const picture = inspect(bytes)
  const reasons = [
    ...sizeReasons(declared, bytes.sizeBytes),
    ...encodingReasons({ contentEncoding })
  ]
  if (picture.contentType && picture.contentType !== declared.contentType) {
    reasons.push(contentTypeReason(declared, picture.contentType))
  }
  if (declared.sha256 && declared.sha256 !== sha256) {
    reasons.push({ code: 'CHECKSUM_MISMATCH', declared: declared.sha256, found: `${sha256}` })
  }
  reasons.push(...pictureReasons(limits, picture))
  return { reasons, picture }
}

function sizeReasons(declared: DeclaredObject, sizeBytes: number): Reason[] {
  if (sizeBytes === declared.sizeBytes) return []
  const sizes = { declared: `${declared.sizeBytes} bytes`, found: `${sizeBytes} bytes` }
  return [{ code: 'SIZE_MISMATCH', ...sizes }]
}

// A browser would inflate it into something that nobody inspected.
function encodingReasons({ contentEncoding }: Pick<StoredObject, 'contentEncoding'>): Reason[] {
  if (!contentEncoding) return []
  return [{ code: 'CONTENT_ENCODED', declared: 'none', found: contentEncoding }]
}

function contentTypeReason(declared: DeclaredObject, found: string): Reason {
  return { code: 'CONTENT_TYPE_MISMATCH', declared: declared.contentType, found }
}

function pictureReasons(limits: Config['avatar'], { problems, width, height }: Picture) {
  const reasons: Reason[] = problems
    .filter(({ code }) => code !== 'LOCATION_METADATA' || limits.locationMetadata === 'refuse')
    .map(({ code, detail }) => ({
      code,
      declared: 'a complete picture, nothing hidden in it',
      found: detail
    }))
  if (width * height > limits.maxPixels) {
    const found = `${width} × ${height} pixels`
    reasons.push({ code: 'TOO_MANY_PIXELS', declared: `${limits.maxPixels} pixels at most`, found })
  }
  return reasons
}
