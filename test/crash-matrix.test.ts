// Whatever fails at whichever step, nothing dangles and nothing is lost: the part of the crash matrix
// that is quick, most of it in .ci/run alone, for histories crash as well. npm run test:crash runs all of it, with real processes.

import t, { type Test } from 'tap'

import { type Case, doubles, newMomentsOf, singles } from './support/crash/cases.ts'
import { operations } from './support/crash/operations.ts'
import { pairs } from './support/crash/pairs.ts'
import { points } from './support/crash/points.ts'
import { record } from './support/crash/record.ts'
import { runCases } from './support/crash/run.ts'
import { complaints } from './support/crash/table.ts'
import { startWorld } from './support/crash/world.ts'
import { atLength } from './support/thorough.ts'

t.test('the list of points is what the operations do', async (t) => {
  const world = await startWorld(t)
  for (const name of Object.keys(operations) as (keyof typeof operations)[]) {
    t.same(await record(world, name), points[name], name)
  }
})

async function hold(t: Test, cases: Case[]) {
  const results = await runCases(t, cases, { worlds: 2, realProcesses: false })
  t.equal(results.length, cases.length, `${cases.length} runs`)
  t.same(complaints(results), [])
}
const some = (cases: Case[]) => cases.filter(({ plan }) => plan.first.moment.when === 'before')

const isWrite = ({ plan }: Case) =>
  /^(insert|update|delete|commit|Copy|Delete|Put)/.test(plan.first.moment.effect)

t.test('a crash at any step (F01–F06, F08–F10)', atLength, (t) =>
  hold(t, some(singles(['crash'], newMomentsOf)))
)
t.test('an answer lost wherever something was written (F07, F21)', atLength, (t) =>
  hold(t, singles(['lost answer'], newMomentsOf).filter(isWrite))
)
t.test('two at once, the first held at any step (F11)', (t) =>
  hold(
    t,
    doubles(
      ['delay'],
      Object.keys(pairs).filter((name) => name.endsWith('(F11)'))
    )
  )
)
