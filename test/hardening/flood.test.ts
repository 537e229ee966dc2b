// One user asks ten times as often as the limit allows: nobody else notices, and memory does not grow.
// FLOOD_SECONDS=60 npm run test:hardening -- is the long run; the figures are printed, not asserted.

import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

import t from 'tap'

import { environmentOf } from '../../src/dev/environment.ts'
import { startSandbox } from '../../src/dev/sandbox/server.ts'
import { BUCKET } from '../support/app.ts'
import { cloneDatabase } from '../support/database.ts'
import { png } from '../support/pictures.ts'
import { processEnvironment, startProcess } from '../support/process.ts'

const SECONDS = Number(process.env.FLOOD_SECONDS ?? 15)
const PER_MINUTE = 3000
const GROWTH_MB = 48

interface Answer {
  status: number
  retryAfter?: string
  ms: number
}

t.test('a flood at ten times the limit', async (t) => {
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  t.teardown(sandbox.close)
  const service = await startProcess(t, {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: await cloneDatabase(t),
    RATE_READS_PER_MINUTE: `${PER_MINUTE}`
  })
  const [ada, eve] = [service.user('ada'), service.user('eve')]
  await ada.upload(png(64))
  const agent = new Agent({ keepAlive: true, maxSockets: 100 })
  t.teardown(() => agent.destroy())
  const ask = (token: string) =>
    new Promise<Answer>((resolve, reject) => {
      const askedAt = performance.now()
      const headers = { authorization: `Bearer ${token}` }
      get(`${service.url}/api/users/ada/avatar`, { agent, headers }, (answer) => {
        const { statusCode: status = 0, headers } = answer
        const done = () => {
          resolve({ status, retryAfter: headers['retry-after'], ms: performance.now() - askedAt })
        }
        answer.resume().once('end', done)
      }).once('error', reject)
    })
  const steadily = async (token: string, perSecond: number) => {
    const answers: Promise<Answer>[] = []
    const begunAt = performance.now()
    for (let ms = 0; ms < SECONDS * 1000; ms = performance.now() - begunAt) {
      while (answers.length < (ms / 1000) * perSecond) answers.push(ask(token))
      await sleep(2)
    }
    return Promise.all(answers)
  }

  const alone = await Promise.all(Array.from({ length: 200 }, () => ask(ada.token)))
  t.same([...new Set(alone.map(({ status }) => status))], [200])
  const memory: number[] = []
  const timer = setInterval(() => memory.push(residentMB(service.pid)), 500)
  const own = monitorEventLoopDelay({ resolution: 1 })
  own.enable()
  const begunAt = performance.now()
  const [wellBehaved, flood] = await Promise.all([
    steadily(ada.token, 10),
    steadily(eve.token, (10 * PER_MINUTE) / 60)
  ])
  clearInterval(timer)
  const filledUp = ((performance.now() - begunAt) / 60_000) * PER_MINUTE

  const refused = flood.filter(({ status }) => status === 429)
  const passed = flood.length - refused.length
  t.same([...new Set(wellBehaved.map(({ status }) => status))], [200], 'nobody else notices')
  t.same([...new Set(flood.map(({ status }) => status))].sort(), [200, 429])
  t.ok(passed >= PER_MINUTE && passed <= PER_MINUTE + filledUp + 1, `${passed} let through`)
  t.same([...new Set(refused.map(({ retryAfter }) => retryAfter))], ['1'], 'each is told when')
  const settled = memory.slice(Math.floor(memory.length / 3))
  const growth = settled.length > 1 ? settled.at(-1)! - settled[0]! : 0
  t.ok(growth < GROWTH_MB, `${growth} MB more after the first third`)
  t.comment(
    `${SECONDS} s, ${flood.length} requests of the flood, ${refused.length} × 429: ${waits(refused)}`
  )
  t.comment(`well-behaved, ${wellBehaved.length} × 200: ${waits(wellBehaved)}`)
  t.comment(`the client itself was late by up to ${(own.percentile(99) / 1e6).toFixed(1)} ms (p99)`)
  t.comment(
    `resident MB: ${memory
      .map(Math.round)
      .filter((_, n) => n % 4 === 0)
      .join(' ')}`
  )
})

function waits(answers: Answer[]) {
  const ms = answers.map((answer) => answer.ms).sort((a, b) => a - b)
  const at = (share: number) => ms[Math.floor(ms.length * share)]!.toFixed(1)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

// 0 where the system does not tell.
function residentMB(pid: number) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1000
  } catch {
    return 0
  }
}
