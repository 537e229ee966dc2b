// What a person is told, for each way an upload can fail.

const TRY_ANOTHER = 'Choose another one.'
const TRY_LATER = 'Try again in a moment.'
const OUR_FAULT = 'The upload does not work at the moment.'
const UNREADABLE = `This picture cannot be opened. ${TRY_ANOTHER}`
const DAMAGED = `This picture is damaged. ${TRY_ANOTHER}`
const TOO_LARGE = 'This picture is too large. Choose a smaller one.'
const CHANGED = 'The picture changed on its way. Try again.'
const SIGN_IN = 'You are not signed in. Sign in and try again.'
const TOO_MANY = `Too many uploads at once. ${TRY_LATER}`
const BUSY = `The server is busy. ${TRY_LATER}`
const TOO_LATE = 'The upload took too long. Try again.'

/**
 * code → sentence: what the service and its reasons say, then what happens before and on the way to S3. Any other
 * code has that of UNEXPECTED_ANSWER.
 */
export const sentences = {
  UNAUTHENTICATED: SIGN_IN,
  USER_ERASED: SIGN_IN,
  FORBIDDEN: 'You are not allowed to do this.',
  NOT_FOUND: OUR_FAULT,
  METHOD_NOT_ALLOWED: OUR_FAULT,
  UPLOAD_NOT_FOUND: 'This upload is gone. Try again.',
  REQUEST_TIMEOUT: TOO_LATE,
  OBJECT_MISSING: 'The picture did not arrive. Try again.',
  OBJECT_CHANGED: CHANGED,
  UPLOAD_CONFIRMED: 'It is too late to cancel: the picture has been saved.',
  UPLOAD_ABORTED: 'The upload was cancelled.',
  UPLOAD_EXPIRED: TOO_LATE,
  CONTENT_TYPE_NOT_ALLOWED: `This kind of file is not accepted. ${TRY_ANOTHER}`,
  SIZE_NOT_ALLOWED: TOO_LARGE,
  OBJECT_REJECTED: `This picture was refused. ${TRY_ANOTHER}`,
  TOO_MANY_OPEN_UPLOADS: TOO_MANY,
  RATE_LIMITED: TOO_MANY,
  INTERNAL: `${OUR_FAULT} ${TRY_LATER}`,
  STORAGE_UNAVAILABLE: BUSY,
  DATABASE_UNAVAILABLE: BUSY,
  IDENTITY_UNAVAILABLE: BUSY,
  OVERLOADED: BUSY,
  CONFIRM_INTERRUPTED: BUSY,

  SIZE_MISMATCH: CHANGED,
  CONTENT_TYPE_MISMATCH: `This file is not what it says. ${TRY_ANOTHER}`,
  CONTENT_ENCODED: DAMAGED,
  CHECKSUM_MISMATCH: CHANGED,
  UNKNOWN_FORMAT: UNREADABLE,
  MALFORMED: DAMAGED,
  TRUNCATED: DAMAGED,
  TRAILING_DATA: `There is something hidden in this picture. ${TRY_ANOTHER}`,
  HEADER_TOO_LARGE: `There is too much else in this picture. ${TRY_ANOTHER}`,
  TOO_MANY_PIXELS: TOO_LARGE,
  LOCATION_METADATA: `This picture says where it was taken. ${TRY_ANOTHER}`,

  INVALID_ARGUMENT: OUR_FAULT,
  CANCELLED: 'The upload was cancelled.',
  NETWORK_FAILED: 'The connection failed. Check it and try again.',
  SERVICE_UNAVAILABLE: BUSY,
  UNEXPECTED_ANSWER: OUR_FAULT,
  AVATAR_REPLACED: 'The picture was saved, but has been replaced since.',
  GRANT_EXPIRED: TOO_LATE,
  GRANT_REFUSED: OUR_FAULT,
  CLOCK_WRONG: OUR_FAULT,
  STORAGE_REFUSED: OUR_FAULT,
  EMPTY_FILE: `This file is empty. ${TRY_ANOTHER}`,
  FILE_TOO_LARGE: TOO_LARGE,
  UNREADABLE_PICTURE: UNREADABLE,
  HEIC_UNSUPPORTED: 'This browser cannot open HEIC photos. Save it as JPEG and try again.',
  PREPARE_UNSUPPORTED: 'This browser cannot prepare pictures. Try another one.'
} as const satisfies Record<string, string>

export type ErrorCode = keyof typeof sentences
