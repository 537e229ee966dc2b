// Histories: whatever users, janitors, time and crashes do together, the model allows every answer.

import { fork } from 'node:child_process'
import { once } from 'node:events'

import t from 'tap'

import type { Report, Task } from './support/histories/main.ts'

const { HISTORIES = '300', HISTORIES_SEED, HISTORIES_PATH = '' } = process.env
const PROCESSES = Number(HISTORIES) > 1000 && !HISTORIES_PATH ? 2 : 1 // elsewhere other tests run

t.test('every history ends without a violation', async (t) => {
  const seed = HISTORIES_SEED ? Number(HISTORIES_SEED) : Date.now() % 2 ** 31
  const numRuns = Math.ceil(Number(HISTORIES) / PROCESSES)
  const reports = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      run({ numRuns, seed: seed + index, path: HISTORIES_PATH })
    )
  )
  for (const { failure } of reports) {
    if (failure) t.fail(failure.replay, { history: failure.history, violation: failure.violation })
    else t.pass()
  }
  t.comment(`${told(reports)}, seed ${seed}`)
})

async function run(task: Task): Promise<Report> {
  const child = fork(new URL('support/histories/main.ts', import.meta.url), { execArgv: [] })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the histories ended with ${code}`)
  })
  child.send(task)
  const [report] = await Promise.race([once(child, 'message'), ended])
  return report
}

function told(reports: Report[]) {
  const total: Record<string, number> = {}
  for (const { tally } of reports) {
    for (const [name, count] of Object.entries(tally)) total[name] = (total[name] ?? 0) + count
  }
  return Object.entries(total)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}
