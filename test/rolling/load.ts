// The load: so many requests a second whatever comes back, of everything that an application asks.

import type { GrantRequest } from '../../src/s3/grant.ts'
import { png } from '../support/pictures.ts'
import { send } from '../support/send.ts'
import { type Asked, openClient } from './client.ts'

const READERS = Array.from({ length: 30 }, (_, index) => `reader-${index}`)
const UPLOADERS = Array.from({ length: 100 }, (_, index) => `uploader-${index}`)
const TICK_MS = 5
const PICTURE = png(64)
const MIX = { read: 50, redirect: 25, batch: 15, upload: 10 } // what an upload still needs comes first

export type Load = Awaited<ReturnType<typeof startLoad>>
type Turn = () => Promise<unknown>

/** Uploads a picture for each reader, then asks until `stop`. */
export async function startLoad(url: string, perSecond: number) {
  const { ask, asked, close } = openClient(url)
  const idle = [...UPLOADERS]
  const journeys: string[][] = []
  const waiting: Turn[] = []

  // Each of its requests goes to whoever the balancer chooses, a turn after the one before.
  async function upload(user: string) {
    const declared = { purpose: 'avatar', contentType: 'image/png', sizeBytes: PICTURE.length }
    const created = await ask('create', user, 'POST', '/api/uploads', declared)
    if (created.fault) return
    const { id, request } = JSON.parse(created.body) as { id: string; request: GrantRequest }
    await sent(request)
    waiting.push(() => confirm(user, id, created))
  }

  async function confirm(user: string, id: string, created: Asked) {
    const confirmed = await ask('confirm', user, 'POST', `/api/uploads/${id}/confirm`)
    if (!confirmed.fault) waiting.push(() => read(user, [created, confirmed]))
  }

  async function read(user: string, before: Asked[]) {
    const seen = await ask('read', user, 'GET', '/api/users/me/avatar')
    const { avatar } = JSON.parse(before.at(-1)!.body) as { avatar: { updatedAt: string } }
    const isIt = seen.fault || JSON.parse(seen.body).updatedAt === avatar.updatedAt
    if (!isIt) seen.fault = 'not the picture that was confirmed'
    journeys.push([...before, seen].map(({ instance }) => instance))
    idle.push(user)
  }

  const turns: Record<keyof typeof MIX, Turn> = {
    read: () => ask('read', pick(), 'GET', `/api/users/${pick()}/avatar`),
    redirect: () => ask('redirect', pick(), 'GET', `/avatars/${pick()}`),
    batch: () => ask('batch', pick(), 'GET', `/api/avatars?userId=${pick()}&userId=nobody`),
    upload: async () => idle.length > 0 && upload(idle.shift()!)
  }

  for (const user of READERS) {
    await upload(user)
    while (waiting.length > 0) await waiting.shift()!()
  }
  idle.splice(UPLOADERS.length) // readers keep the picture that they have
  asked.length = journeys.length = 0

  const underWay = new Set<Promise<unknown>>()
  const broken: unknown[] = [] // in the load itself, such as an S3 that does not answer
  const begunAt = performance.now()
  let begun = 0
  const timer = setInterval(() => {
    for (; begun < ((performance.now() - begunAt) / 1000) * perSecond; begun++) {
      const turn = (waiting.shift() ?? turns[chosen()])()
      underWay.add(turn)
      const ended = turn.catch((err) => void broken.push(err))
      void ended.finally(() => underWay.delete(turn))
    }
  }, TICK_MS)

  return {
    /** Every request so far, and what is wrong with its answer. */
    asked,
    /** Who created, confirmed and read, for each upload that came to its end. */
    journeys,
    begunAt,
    /** Ends when all that was asked is answered. */
    async stop() {
      clearInterval(timer)
      await Promise.allSettled(underWay)
      close()
      if (broken.length > 0) throw broken[0]
    }
  }
}

// The sandbox is in this process: when that is busy, kept connections end as they are used again.
function sent(request: GrantRequest, tries = 3): Promise<Response> {
  return send(request, PICTURE).catch((err) => {
    if (tries === 1) throw err
    return sent(request, tries - 1)
  })
}

const pick = () => READERS[Math.floor(Math.random() * READERS.length)]!

function chosen() {
  let at = Math.random() * 100
  for (const [name, share] of Object.entries(MIX)) {
    at -= share
    if (at < 0) return name as keyof typeof MIX
  }
  return 'read'
}
