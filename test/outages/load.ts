// A light load, every answer kept: what is asked goes on while Postgres or S3 is away.

import { setTimeout as sleep } from 'node:timers/promises'

import type { GrantRequest } from '../../src/s3/grant.ts'
import { padded, png } from '../support/pictures.ts'
import { type ServiceProcess, tokenOf } from '../support/process.ts'
import { send } from '../support/send.ts'

export interface Asked {
  name: string
  /** 0 when the service did not answer at all. */
  status: number
  code: string
  retryAfter: boolean
  ms: number
  // biome-ignore lint/suspicious/noExplicitAny: JSON of every call; what each worker reads of it fails there
  body: any
}

export type Load = ReturnType<typeof startLoad>

export const WORKERS = 6
const PAUSE_MS = 100
const TIMEOUT_MS = 60_000
export const PICTURE = padded(png(16), 2000)

/** Workers ask for everything in turn, as soon as `run` is called and until `rest`. */
export function startLoad(service: ServiceProcess) {
  let asked: Asked[] = []
  let working = false
  let workers: Promise<unknown> = Promise.resolve()
  let unconfirmed: { user: string; id: string }[] = []

  async function ask(user: string, name: string, method: string, path: string, payload?: object) {
    const begun = performance.now()
    const answer = await answerOf(`${service.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokenOf(user)}`,
        ...(payload ? { 'content-type': 'application/json' } : {})
      },
      body: payload && JSON.stringify(payload),
      signal: AbortSignal.timeout(TIMEOUT_MS)
    })
    const entry = { name, ...answer, ms: performance.now() - begun }
    asked.push(entry)
    return entry
  }

  const create = (user: string) =>
    ask(user, 'create', 'POST', '/api/uploads', {
      purpose: 'avatar',
      contentType: 'image/png',
      sizeBytes: PICTURE.length
    })
  const confirm = ({ user, id }: { user: string; id: string }) =>
    ask(user, 'confirm', 'POST', `/api/uploads/${id}/confirm`)

  async function work(user: string) {
    let own = ''
    const turns = [
      async () => {
        const { status, body } = await create(user)
        if (status === 201) own = body.id
      },
      async () => unconfirmed.length > 0 && confirm(pick(unconfirmed)),
      async () => ask(user, 'read', 'GET', '/api/users/me/avatar'),
      async () => unconfirmed.length > 0 && confirm(pick(unconfirmed)),
      async () => own && ask(user, 'look', 'GET', `/api/uploads/${own}`),
      async () => own && ask(user, 'abort', 'DELETE', `/api/uploads/${own}`),
      async () => ask(user, 'remove', 'DELETE', '/api/users/me/avatar')
    ]
    for (let turn = 0; working; turn++) {
      await turns[turn % turns.length]!()
      await sleep(PAUSE_MS)
    }
  }

  return {
    run() {
      working = true
      workers = Promise.all(Array.from({ length: WORKERS }, (_, index) => work(`worker-${index}`)))
    },
    async rest() {
      working = false
      await workers
    },
    /** Sends bytes for uploads that are then confirmed again and again. */
    async prepare(count: number) {
      for (let index = 0; index < count; index++) {
        const user = `waiting-${index}`
        const { status, body } = await create(user)
        if (status !== 201) throw new Error(`create answered ${status}`)
        await send(body.request as GrantRequest, PICTURE)
        unconfirmed.push({ user, id: body.id })
      }
    },
    /** Confirms all that were prepared, and answers those that do not succeed. */
    async conclude() {
      const answers = []
      for (const upload of unconfirmed) answers.push(await confirm(upload))
      unconfirmed = []
      return answers.filter(({ status }) => status !== 200)
    },
    /** What was asked since the last call. */
    taken() {
      const taken = asked
      asked = []
      return taken
    }
  }
}

async function answerOf(url: string, request: RequestInit) {
  try {
    const response = await fetch(url, request)
    const text = await response.text()
    const body = text ? JSON.parse(text) : null
    const retryAfter = response.headers.has('retry-after')
    return { status: response.status, code: body?.code ?? '', retryAfter, body }
  } catch (err) {
    return { status: 0, code: String((err as Error).cause ?? err), retryAfter: false, body: null }
  }
}

const pick = <Item>(items: Item[]) => items[Math.floor(Math.random() * items.length)]!
