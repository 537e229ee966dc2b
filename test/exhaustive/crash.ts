// npm run test:crash: every point of every operation with everything that can happen there, alone and
// in pairs, F01–F16, F31, F34, F35, F45; whoever crashes is a process of its own that is killed.

import t from 'tap'

import { type ActName, acts } from '../support/crash/acts.ts'
import { doubles, isLastOrBefore, meetings, singles } from '../support/crash/cases.ts'
import { type Result, runCases } from '../support/crash/run.ts'
import { complaints, table } from '../support/crash/table.ts'

const names = Object.keys(acts) as ActName[]
const alone = names.filter((name) => name !== 'delay')
const together: ActName[] = ['delay', 'crash', 'lost answer', 'error 40001', 'error 503']
const F11 = 'confirm ‖ confirm of the same upload (F11)'
const F12 = 'confirm ‖ confirm of another upload (F12)'

t.test('nothing dangles and nothing is lost, whatever happens at whichever point', async (t) => {
  const only = new RegExp(process.env.ONLY ?? '')
  const cases = [
    ...singles(alone),
    ...doubles(together),
    ...meetings(F11),
    ...meetings(F12)
  ].filter(({ title }) => only.test(title))
  const isKill = (one: (typeof cases)[number]) =>
    one.plan.first.act === 'crash' && isLastOrBefore(one)
  const started = performance.now()
  let done = 0
  const report = (result: Result) => {
    for (const line of complaints([result])) process.stderr.write(`${line}\n`)
    if (++done % 50 === 0) process.stderr.write(`${done} of ${cases.length}\n`)
  }
  const results = (
    await Promise.all([
      runCases(t, cases.filter(isKill), { worlds: 2, realProcesses: true, report }),
      runCases(
        t,
        cases.filter((one) => !isKill(one)),
        { worlds: 3, realProcesses: false, report }
      )
    ])
  ).flat()
  process.stderr.write(`\n${table(cases, results)}\n`)
  process.stderr.write(`in ${Math.round((performance.now() - started) / 1000)} s\n\n`)
  t.equal(results.length, cases.length)
  t.same(complaints(results), [])
})
