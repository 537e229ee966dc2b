// Clients who upload pictures, many at once, in a process of their own.

import { padded, png } from '../test/support/pictures.ts'
import { send } from '../test/support/send.ts'
import { offer } from './remote.ts'

export interface Uploads {
  url: string
  /** One for each upload. */
  tokens: string[]
  sizeBytes: number
  atOnce: number
}

let picture: Buffer = Buffer.alloc(0)
const pictureOf = (sizeBytes: number) => {
  if (picture.length !== sizeBytes) picture = padded(png(64), sizeBytes)
  return picture
}

const functions = {
  /** Create, send to S3, confirm, read. */
  direct: ({ url, tokens, sizeBytes, atOnce }: Uploads) =>
    inParallel(tokens, atOnce, async (token) => {
      const id = await place(url, token, sizeBytes)
      await call(url, token, 'POST', `/api/uploads/${id}/confirm`)
      await call(url, token, 'GET', '/api/users/me/avatar')
    }),
  /** One form to a server that brings it to S3 itself. */
  through: ({ url, tokens, sizeBytes, atOnce }: Uploads) =>
    inParallel(tokens, atOnce, async (token) => {
      const form = new FormData()
      form.append(
        'avatar',
        new Blob([new Uint8Array(pictureOf(sizeBytes))], { type: 'image/png' }),
        'a.png'
      )
      await call(url, token, 'POST', '/avatar', form)
    }),
  /** Creates and sends only; answers the ids. */
  async place({ url, tokens, sizeBytes, atOnce }: Uploads) {
    const ids: string[] = []
    const { failures } = await inParallel(
      tokens.map((token, n) => ({ token, n })),
      atOnce,
      async (at) => {
        ids[at.n] = await place(url, at.token, sizeBytes)
      }
    )
    if (failures > 0) throw new Error(`${failures} pictures could not be sent`)
    return ids
  },
  /** Confirms what was placed, one after another. */
  confirm: (url: string, tokens: string[], ids: string[]) =>
    inParallel(
      ids.map((id, n) => ({ id, token: tokens[n]! })),
      1,
      ({ id, token }) => call(url, token, 'POST', `/api/uploads/${id}/confirm`)
    )
}
export type ClientFunctions = typeof functions

async function place(url: string, token: string, sizeBytes: number): Promise<string> {
  const declared = { purpose: 'avatar', contentType: 'image/png', sizeBytes }
  const upload = await call(url, token, 'POST', '/api/uploads', JSON.stringify(declared))
  const sent = await send(upload.request, pictureOf(sizeBytes))
  if (!sent.ok) throw new Error(`S3 answered ${sent.status}`)
  await sent.arrayBuffer()
  return upload.id
}

async function call(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: string | FormData
) {
  const type = typeof body === 'string' ? { 'content-type': 'application/json' } : {}
  const headers = { authorization: `Bearer ${token}`, ...type }
  const answer = await fetch(`${url}${path}`, { method, headers, body })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return JSON.parse(await answer.text())
}

/** Milliseconds of each that succeeded; why the first failed, if any did. */
async function inParallel<Item>(
  items: Item[],
  atOnce: number,
  act: (item: Item) => Promise<unknown>
) {
  const left = [...items]
  const waits: number[] = []
  const errors: string[] = []
  const startedAt = performance.now()
  const workers = Array.from({ length: atOnce }, async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) {
      const begunAt = performance.now()
      await act(item)
        .then(() => waits.push(performance.now() - begunAt))
        .catch((err) => errors.push(String(err)))
    }
  })
  await Promise.all(workers)
  const seconds = (performance.now() - startedAt) / 1000
  return { waits, seconds, failures: errors.length, why: errors[0] }
}

offer(functions)
