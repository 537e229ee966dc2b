// Histories: whatever users, janitors, time and crashes do together, the model allows every answer.

import { fork } from 'node:child_process'
import { once } from 'node:events'

import t from 'tap'

import * as broken from './support/broken.ts'
import type { Report, Task } from './support/histories/main.ts'
import { newTally, play } from './support/histories/play.ts'
import { type Act, stepOf } from './support/histories/steps.ts'
import { openSystem, type System } from './support/histories/system.ts'
import { atLength } from './support/thorough.ts'

const { HISTORIES, HISTORIES_SEED, HISTORIES_PATH = '' } = process.env
const count = Number(HISTORIES ?? 300)
const processes = count > 1000 && !HISTORIES_PATH ? 2 : 1 // otherwise other tests run beside it
const maxSteps = HISTORIES ? 12 : 6
const limit = HISTORIES ? {} : { interruptAfterTimeLimit: 200_000 } // tap ends a file after 300 s

t.test('every history ends without a violation', async (t) => {
  const seed = HISTORIES_SEED ? Number(HISTORIES_SEED) : Date.now() % 2 ** 31
  const numRuns = Math.ceil(count / processes)
  const reports = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      run({ numRuns, maxSteps, seed: seed + index, path: HISTORIES_PATH, ...limit })
    )
  )
  for (const { failure } of reports) {
    if (failure)
      t.fail(`${HISTORIES ? 'HISTORIES=1 ' : ''}${failure.replay}`, {
        history: failure.history,
        violation: failure.violation
      })
    else t.pass()
  }
  t.comment(`${told(reports)}, seed ${seed}`)
  const played = reports.reduce((sum, { tally }) => sum + tally.histories, 0)
  t.ok(played >= (HISTORIES_PATH ? 1 : count), `${played} histories`)
})

t.test('a service that is broken on purpose is noticed', atLength, async (t) => {
  const system = await openSystem(t)
  const { sql } = system
  const done = { text: 'done' }
  const after = (...acts: Partial<Act>[]) => acts.map(stepOf)
  const place = { do: 'place', content: 'red' } as const
  const confirm = { do: 'confirm' } as const
  const replaced = [place, confirm, { ...place, content: 'blue' }, confirm] as const

  const cases: [string, Partial<System>, ReturnType<typeof after>, RegExp | null][] = [
    ['nothing', {}, after(...replaced, { do: 'sweep' }, { do: 'erase' }, place), null],
    [
      'a replaced object is purged at once',
      { sweep: ({ deps }) => broken.purgeAtOnce(sql, deps).then(() => done) },
      after(...replaced, { do: 'sweep' }),
      /^I7: ada's URL of red is dead before/
    ],
    [
      'the janitor purges by age',
      { sweep: ({ deps }) => broken.purgeByAge(deps).then(() => done) },
      after(place, confirm, { do: 'sweep' }),
      /^I7: ada's URL of red is dead/
    ],
    [
      'an erasure forgets uploads on their way',
      { erase: (_, user) => broken.eraseAvatarOnly(sql, user).then(() => done) },
      after(place, { do: 'erase' }, confirm),
      /^ada: impossible answers:.*"confirm".*\^confirmed red\$/s
    ],
    [
      'an erasure leaves the bytes for later',
      { erase: (_, user) => broken.eraseAvatarOnly(sql, user).then(() => done) },
      after(place, confirm, { do: 'erase' }),
      /^I8: ada is erased, a URL still serves red/
    ],
    [
      'an acknowledged removal is lost',
      { remove: async () => done },
      after(place, confirm, { do: 'remove' }, { do: 'avatar' }),
      /^ada: impossible answers:.*"avatar".*\^red\$/s
    ],
    [
      'an abort is refused and happens all the same',
      {
        abort: async (...args) => ({ ...(await system.abort(...args)), text: 'UPLOAD_CONFIRMED' })
      },
      after(place, { do: 'abort' }),
      /^ada: impossible answers:.*"abort".*\^UPLOAD_CONFIRMED\$/s
    ],
    [
      'nobody reconciles',
      { reconcile: async () => done },
      after(place, confirm),
      /^the scanner, swept:\nI4: staging\/\w+ remains/
    ]
  ]
  for (const [name, breakage, steps, wanted] of cases) {
    const playing = play({ ...system, ...breakage }, newTally(), { steps, heedsConditions: true })
    const sentence = await playing.then(
      () => null,
      (err: Error) => err.message
    )
    if (wanted) t.match(sentence, wanted, name)
    else t.equal(sentence, null, name)
  }
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
