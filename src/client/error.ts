// The one error of the client: a code for programs, a sentence for people, a detail for developers.

import { type ErrorCode, sentences } from './sentences.ts'

/** One disagreement between what was declared and what arrived, as the service found it. */
export interface Reason {
  code: string
  declared: string
  found: string
}

interface Facts {
  detail?: string
  status?: number
  retryable?: boolean
  retryAfterSeconds?: number
  reasons?: Reason[]
  storageCode?: string
  cause?: unknown
}

/** Every failure of this client. `message` may be shown to people as it is. */
export class AvatarUploadError extends Error {
  override readonly name = 'AvatarUploadError'
  /** The service's code, or one of the client's own. */
  declare readonly code: ErrorCode | (string & {})
  /** What a developer needs to know. */
  declare readonly detail: string
  /** Whether the same may work when it is tried again later. */
  declare readonly retryable: boolean
  /** Of the answer, where there was one. */
  declare readonly status?: number
  /** When the server wants to be asked again. */
  declare readonly retryAfterSeconds?: number
  /** Why the service refused what arrived. */
  declare readonly reasons?: Reason[]
  /** What S3 called it. */
  declare readonly storageCode?: string

  constructor(code: AvatarUploadError['code'], { detail, retryable, cause, ...facts }: Facts = {}) {
    super(sentenceOf(facts.reasons?.[0]?.code) ?? sentenceOf(code) ?? sentences.UNEXPECTED_ANSWER, {
      cause
    })
    this.code = code
    this.detail = detail ?? this.message
    this.retryable = retryable ?? false
    Object.assign(this, facts)
  }
}

// A service may be anybody's: its "toString" is no code of ours.
const sentenceOf = (code = '') =>
  Object.hasOwn(sentences, code) ? sentences[code as ErrorCode] : undefined

/** For what the caller got wrong; nothing has been sent. */
export function assertArgument(isRight: unknown, detail: string): asserts isRight {
  if (!isRight) throw new AvatarUploadError('INVALID_ARGUMENT', { detail })
}

export function assertBlob(blob: Blob) {
  assertArgument(blob instanceof Blob, 'a Blob or a File is needed')
}

/** The code of an error of ours; '' for any other. */
export const codeOf = (err: unknown) => (err instanceof AvatarUploadError ? err.code : '')
