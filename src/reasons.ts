// Why an object was refused: what was declared or allowed, and what was found instead.

import { type Static, Type } from 'typebox'

export const reasonCodes = [
  'SIZE_MISMATCH',
  'CONTENT_TYPE_MISMATCH',
  'CONTENT_ENCODED',
  'CHECKSUM_MISMATCH',
  'UNKNOWN_FORMAT',
  'MALFORMED',
  'TRUNCATED',
  'TRAILING_DATA',
  'HEADER_TOO_LARGE',
  'TOO_MANY_PIXELS',
  'LOCATION_METADATA'
] as const
export type ReasonCode = (typeof reasonCodes)[number]

/** One disagreement between the declared upload and the stored object. */
export const Reason = Type.Object(
  {
    code: Type.Enum([...reasonCodes]),
    declared: Type.String({ description: 'what was declared or is allowed' }),
    found: Type.String({ description: 'what is stored' })
  },
  { title: 'Reason', additionalProperties: false }
)
export type Reason = Static<typeof Reason>
