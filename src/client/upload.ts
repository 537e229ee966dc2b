// A picture from a file to an avatar: prepare, create, send, confirm, and all over again where that helps.

import type { Avatar } from './avatar.ts'
import { assertOptions } from './call.ts'
import { confirm } from './confirm.ts'
import { abort, createUpload, type Upload } from './create.ts'
import { assertBlob, codeOf } from './error.ts'
import type { ClientOptions } from './options.ts'
import { type PrepareOptions, prepareAvatar } from './prepare.ts'
import { send } from './send.ts'
import { throwIfCancelled } from './wait.ts'

export interface UploadOptions extends ClientOptions {
  /** How far it is, 0 to 1, never back; 1 only when the picture is the avatar. */
  onProgress?: (fraction: number) => void
  /** How the picture is cropped and shrunk; `false` sends the file as it is. */
  prepare?: PrepareOptions | false
}

/** What the hook and the element are at. */
export type Status = 'idle' | 'uploading' | 'done' | 'failed' | 'cancelled'

const GRANTS = 3
const SENT = 0.95 // of the whole: what is left is the service's to verify

/**
 * Makes a picture the avatar of the token's user.
 * @throws {AvatarUploadError} whatever went wrong; nothing is left behind then
 */
export async function uploadAvatar(file: Blob, options: UploadOptions): Promise<Avatar> {
  assertBlob(file)
  assertOptions(options)
  const onProgress = onlyForward(options.onProgress)
  const picture = await prepared(file, options)
  onProgress(0)
  for (let grants = 1; ; grants++) {
    const upload = await createUpload(picture.declared, options)
    let isSent = false
    try {
      const onSent = (fraction: number) => onProgress(fraction * SENT)
      await send(upload.request, picture.blob, { ...options, onProgress: onSent })
      isSent = true
      const avatar = await confirm(upload, options)
      onProgress(1)
      return avatar
    } catch (err) {
      const isLate = isSent && codeOf(err) === 'CANCELLED'
      const hurried = { ...options, signal: undefined, retries: 0, timeoutSeconds: 5 }
      // Otherwise it would count among the user's open uploads until it expires.
      const told = isOver(err) || abort(upload, isLate ? hurried : options).catch(codeOf)
      // Confirmed before the service heard of it: a cancel that is too late is none.
      if (isLate && (await told) === 'UPLOAD_CONFIRMED') return confirm(upload, hurried)
      if (grants === GRANTS || !isOutlived(err, upload)) throw err
    }
  }
}

async function prepared(file: Blob, { prepare, signal }: UploadOptions) {
  throwIfCancelled(signal)
  const { blob, sha256 } =
    prepare === false ? { blob: file } : await prepareAvatar(file, prepare ?? {})
  throwIfCancelled(signal)
  return { blob, declared: { contentType: blob.type, sizeBytes: blob.size, sha256 } }
}

function onlyForward(onProgress: (fraction: number) => void = () => {}) {
  let last = -1
  return (fraction: number) => {
    if (fraction <= last) return
    last = fraction
    onProgress(fraction)
  }
}

// Nothing is left to abort.
const isOver = (err: unknown) =>
  /REJECTED|REPLACED|UPLOAD_EXPIRED|UPLOAD_NOT_FOUND/.test(codeOf(err))

// A store may refuse a late grant in words of its own, or cut the line before all bytes are there.
const isOutlived = (err: unknown, { sendBy }: Upload) =>
  /EXPIRED|UPLOAD_NOT_FOUND/.test(codeOf(err)) ||
  (/REFUSED|NETWORK_FAILED/.test(codeOf(err)) && Date.now() > Date.parse(sendBy))
