// What an upload may be for, and what each purpose allows.

import type { Config } from '../config.ts'
import { problem } from '../errors.ts'

export const purposes = ['avatar'] as const

/** What a client says it will send; `sha256` in hex. */
export interface Declared {
  purpose: (typeof purposes)[number]
  contentType: string
  sizeBytes: number
  sha256?: string
}

/** @throws {Problem} CONTENT_TYPE_NOT_ALLOWED, SIZE_NOT_ALLOWED */
export function assertAllowed(config: Config, { purpose, contentType, sizeBytes }: Declared) {
  const limits = config[purpose]
  if (!limits.contentTypes.includes(contentType)) {
    throw problem(
      'CONTENT_TYPE_NOT_ALLOWED',
      `${purpose} takes ${limits.contentTypes.join(', ')}, not ${contentType}.`
    )
  }
  if (sizeBytes > limits.maxBytes) {
    throw problem(
      'SIZE_NOT_ALLOWED',
      `${purpose} takes at most ${limits.maxBytes} bytes, not ${sizeBytes}.`
    )
  }
}
