// Attacks that are really performed, and how each of them ends.

import {
  type Avatar,
  AvatarUploadError,
  abort,
  confirm,
  createUpload,
  type GrantRequest,
  readAvatar,
  type Step,
  send,
  type Upload
} from '../../client/index.ts'
import { faces, pictureOf } from './faces.ts'
import { type Person, tokenOf } from './service.ts'

/** How it ended, for a person to read. */
export interface Verdict {
  isSafe: boolean
  title: string
  said: string
}

type Options = ReturnType<typeof optionsOf>

/** By the names that the buttons have. @throws {AvatarUploadError} where the service does not answer */
export const attacks: Record<
  string,
  (person: Person, onStep: (step: Step) => void) => Promise<Verdict>
> = {
  size: (person, onStep) =>
    refused(optionsOf(person, onStep), (upload, picture) => ({
      request: upload.request,
      body: new Blob([picture, 'x'], { type: picture.type })
    })),

  type: (person, onStep) =>
    refused(optionsOf(person, onStep), (upload, picture) => ({
      request: asHtml(upload.request),
      body: picture
    })),

  replay: async (person, onStep) => {
    const options = optionsOf(person, onStep)
    const picture = await ownPicture(options)
    const upload = await createUpload(picture, options)
    await send(upload.request, picture, options)
    const avatar = await confirm(upload, options)

    const other = new Blob([new Uint8Array(picture.size).fill(0x58)], { type: picture.type })
    const end = await attempt(upload.request, other, options)
    return verdictOn(await isServed(await readAvatar('me', options), picture), avatar, end)
  }
}

const optionsOf = (person: Person, onStep: (step: Step) => void) => ({
  baseUrl: '',
  token: tokenOf(person),
  onStep,
  retries: 0
})

async function refused(
  options: Options,
  tamper: (upload: Upload, picture: Blob) => { request: GrantRequest; body: Blob }
): Promise<Verdict> {
  const picture = await pictureOf(faces[0]!)
  const upload = await createUpload(picture, options)
  const { request, body } = tamper(upload, picture)
  const end = await attempt(request, body, options)
  await abort(upload, options)
  return end.isTaken
    ? { isSafe: false, title: 'S3 took it', said: end.said }
    : { isSafe: true, title: 'S3 refused it', said: end.said }
}

// What a form says of the type, or the header of a PUT.
function asHtml({ headers, fields, ...request }: GrantRequest): GrantRequest {
  const lie = (facts: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(facts).map(([name, value]) => [
        name,
        name.toLowerCase() === 'content-type' ? 'text/html' : value
      ])
    )
  return { ...request, headers: lie(headers), fields: lie(fields) }
}

/** What S3 made of it; a browser cannot read every refusal. */
async function attempt(request: GrantRequest, body: Blob, options: Options) {
  let status = 0
  const onStep = (step: Step) => {
    status = step.answer?.status ?? 0
    options.onStep(step)
  }
  try {
    await send(request, body, { ...options, onStep })
    return { isTaken: status < 400, said: `${status}` }
  } catch (err) {
    if (!(err instanceof AvatarUploadError)) throw err
    return { isTaken: false, said: `${err.status ?? ''} ${err.storageCode ?? err.detail}`.trim() }
  }
}

// Their own picture once more, so that nothing is lost by the attack; a drawn one for who has none.
async function ownPicture(options: Options): Promise<Blob> {
  const avatar = await readAvatar('me', options)
  return avatar ? download(avatar) : pictureOf(faces[2]!)
}

// An <img> has left its answer in the cache, to a request without CORS, and S3 does not say Vary then.
async function download({ url }: Avatar) {
  return (await fetch(url, { cache: 'no-store' })).blob()
}

async function isServed(avatar: Avatar | null, picture: Blob) {
  if (!avatar) return false
  const served = new Uint8Array(await (await download(avatar)).arrayBuffer())
  const sent = new Uint8Array(await picture.arrayBuffer())
  return served.length === sent.length && served.every((byte, index) => byte === sent[index])
}

function verdictOn(
  isUnchanged: boolean,
  { sizeBytes }: Avatar,
  { isTaken, said }: { isTaken: boolean; said: string }
): Verdict {
  if (!isUnchanged) return { isSafe: false, title: 'The avatar changed', said }
  const how = isTaken ? `S3 took the other bytes (${said}), into staging.` : `S3 refused (${said}).`
  return {
    isSafe: true,
    title: 'The avatar did not change',
    said: `${how} What is served is what was verified, all ${sizeBytes} bytes of it.`
  }
}
