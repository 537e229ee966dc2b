// The Range header.

import { S3Error } from './errors.ts'

/** The bytes from `start` up to and without `end`. */
export interface Range {
  start: number
  end: number
}

/**
 * The one range asked for, or null for the whole: also when several are asked for or the header
 * makes no sense, as S3 has it.
 * @throws {S3Error} InvalidRange when it lies outside the object
 */
export function readRange(header: string | undefined, sizeBytes: number): Range | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (!first && !last) return null
  const start = first ? Number(first) : Math.max(0, sizeBytes - Number(last))
  const end = first && last ? Math.min(Number(last) + 1, sizeBytes) : sizeBytes
  if (first && last && Number(last) < Number(first)) return null
  if (start < end) return { start, end }
  throw new S3Error('InvalidRange', undefined, {
    RangeRequested: header!,
    ActualObjectSize: sizeBytes
  })
}
