// The one way to give up on a file: a code for programs, a sentence for people.

export type PictureProblem =
  | 'UNKNOWN_FORMAT'
  | 'TRUNCATED'
  | 'TRAILING_DATA'
  | 'MALFORMED'
  | 'HEADER_TOO_LARGE'
  | 'LOCATION_METADATA'

export class Stop extends Error {
  readonly code: PictureProblem

  constructor(code: PictureProblem, detail: string) {
    super(detail)
    this.code = code
  }
}

export const truncated = () => new Stop('TRUNCATED', 'The file ends before the picture does.')

export const trailing = () => new Stop('TRAILING_DATA', 'The file goes on after the picture ends.')

export const malformed = (detail: string) => new Stop('MALFORMED', detail)

export const unreadMetadata = () =>
  new Stop('HEADER_TOO_LARGE', 'Metadata lies beyond the bytes that are read.')

export const unknownFormat = () =>
  new Stop('UNKNOWN_FORMAT', 'The file is not a JPEG, PNG, WebP, GIF or AVIF picture.')
