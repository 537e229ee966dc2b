// Reads that arrive together share one statement, and nothing else.

import { setImmediate as nextRound } from 'node:timers/promises'

import t from 'tap'

import { gather } from '../src/avatars/gather.ts'

function counted(most = 100) {
  const calls: string[][] = []
  const find = gather(async (ids: string[]) => {
    calls.push(ids)
    if (ids.includes('bad')) throw new Error(`failed for ${ids}`)
    return new Map(ids.filter((id) => id !== 'nobody').map((id) => [id, `found ${id}`]))
  }, most)
  return { calls, find }
}

t.test(
  'together they are one call, each id in it once, and everybody gets their own',
  async (t) => {
    const { calls, find } = counted()
    const ids = ['ada', 'eve', 'ada', 'nobody']
    t.same(await Promise.all(ids.map(find)), ['found ada', 'found eve', 'found ada', null])
    t.same(calls, [['ada', 'eve', 'nobody']])
  }
)

t.test('who asks later is never answered with what was found before', async (t) => {
  const { calls, find } = counted()
  const first = find('ada')
  await nextRound()
  const second = find('ada')
  await Promise.all([first, second])
  t.same(calls, [['ada'], ['ada']])
})

t.test('one call has no more than it may', async (t) => {
  const { calls, find } = counted(2)
  t.same(await Promise.all(['a', 'b', 'c', 'd', 'e'].map(find)), [
    ...['found a', 'found b', 'found c', 'found d', 'found e']
  ])
  t.same(calls, [['a', 'b'], ['c', 'd'], ['e']])
})

t.test('an error is shared by the group, and by nobody else', async (t) => {
  const { find } = counted()
  const group = await Promise.allSettled([find('bad'), find('ada')])
  t.same(
    group.map(({ status }) => status),
    ['rejected', 'rejected']
  )
  t.equal(await find('ada'), 'found ada')
})
