// The one way to give up on a file: a code for programs, a sentence for people.

export type PictureProblem =
  | 'UNKNOWN_FORMAT'
  | 'TRUNCATED'
  | 'TRAILING_DATA'
  | 'MALFORMED'
  | 'HEADER_TOO_LARGE'
  | 'LOCATION_METADATA'

// No Error: to note the stack would cost more than to read most files that are refused.
export class Stop {
  readonly code: PictureProblem
  readonly detail: string

  constructor(code: PictureProblem, detail: string) {
    this.code = code
    this.detail = detail
  }
}

export const truncated = () => new Stop('TRUNCATED', 'The file ends before the picture does.')

export const trailing = () => new Stop('TRAILING_DATA', 'The file goes on after the picture ends.')

export const malformed = (detail: string) => new Stop('MALFORMED', detail)

export const unreadMetadata = () =>
  new Stop('HEADER_TOO_LARGE', 'Metadata lies beyond the bytes that are read.')

export const unknownFormat = () =>
  new Stop('UNKNOWN_FORMAT', 'The file is not a JPEG, PNG, WebP, GIF or AVIF picture.')
