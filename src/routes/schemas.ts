// What requests hold and answers say, and from that the types.

import { type Static, Type } from 'typebox'

import { Avatar } from '../avatars/read.ts'
import { SUBJECT } from '../identity/claims.ts'
import { Reason } from '../reasons.ts'
import { GrantRequest } from '../s3/grant.ts'
import { purposes } from '../uploads/purposes.ts'
import { states } from '../uploads/state.ts'
import { confirmedUpload, createdUpload } from './examples.ts'

const strict = { additionalProperties: false }
const Time = (description: string) =>
  Type.Unsafe<Date | string>({ type: 'string', format: 'date-time', description })
const MaybeTime = (description: string) =>
  Type.Unsafe<Date | null>({ type: ['string', 'null'], format: 'date-time', description })

export const Nothing = Type.Object({}, strict)
/** A body that may be absent, but may not say anything: confirm takes no facts from clients. */
export const NoBody = Type.Unsafe<unknown>({ type: ['object', 'null'], ...strict })

export const CreateBody = Type.Object(
  {
    purpose: Type.Enum([...purposes]),
    contentType: Type.String({ minLength: 1, maxLength: 100, examples: ['image/png'] }),
    sizeBytes: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    sha256: Type.Optional(
      Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the bytes, in hex' })
    )
  },
  {
    ...strict,
    title: 'UploadDeclaration',
    examples: [{ purpose: 'avatar', contentType: 'image/png', sizeBytes: 52341 }]
  }
)
export type CreateBody = Static<typeof CreateBody>

export const CreatedUpload = Type.Object(
  {
    id: Type.String(),
    state: Type.Literal('open'),
    sendBy: Time('when S3 stops accepting `request`'),
    expiresAt: Time('when bytes that were sent in time can no longer be confirmed'),
    request: GrantRequest
  },
  { ...strict, title: 'CreatedUpload', examples: [createdUpload] }
)

export const UploadParams = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 64, examples: [createdUpload.id] }) },
  strict
)

export const Upload = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum([...states]),
    purpose: Type.String(),
    contentType: Type.String({ description: 'as declared' }),
    sizeBytes: Type.Integer({ description: 'as declared' }),
    createdAt: Time('when it was created'),
    expiresAt: Time('when it can no longer be confirmed'),
    confirmedAt: MaybeTime('when its object became the avatar'),
    reasons: Type.Union([Type.Array(Reason), Type.Null()], { description: 'why it was rejected' })
  },
  { ...strict, title: 'Upload', examples: [confirmedUpload] }
)

export const ConfirmedUpload = Type.Object(
  {
    upload: Upload,
    avatar: Type.Union([Avatar, Type.Null()], {
      description: 'null once the avatar has been replaced or removed'
    })
  },
  { ...strict, title: 'ConfirmedUpload' }
)

export const UserId = Type.String({
  pattern: SUBJECT.source,
  examples: ['ada'],
  description: '`me` is the caller'
})
export const UserParams = Type.Object({ userId: UserId }, strict)
