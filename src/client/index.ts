// The browser's side of Directo: prepare a picture, upload it, and know what became of it.

export { type Avatar, readAvatar } from './avatar.ts'
export { confirm } from './confirm.ts'
export { abort, createUpload, type Declared, type Upload } from './create.ts'
export type { Rectangle } from './crop.ts'
export { AvatarUploadError, type Reason } from './error.ts'
export type { ClientOptions, GrantRequest, Step } from './options.ts'
export { type Prepared, type PrepareOptions, prepareAvatar } from './prepare.ts'
export { type SendOptions, send } from './send.ts'
export { type ErrorCode, sentences } from './sentences.ts'
export { type UploadOptions, uploadAvatar } from './upload.ts'
