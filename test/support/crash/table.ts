// What a run of the matrix came to, a line for each operation or pair.

import type { Case } from './cases.ts'
import type { Result } from './run.ts'

export function table(cases: Case[], results: Result[]): string {
  const groups = [...new Set(cases.map(({ group }) => group))]
  const rows = groups.map((group) => {
    const mine = cases.filter((one) => one.group === group)
    const moments = new Set(mine.map(({ plan }) => JSON.stringify(plan.first.moment)))
    const ran = results.filter((result) => result.group === group)
    const broken = ran.filter(({ violations }) => violations.length > 0)
    return [group, moments.size, ran.length, broken.length]
  })
  const sum = (column: number) => rows.reduce((total, row) => total + Number(row[column]), 0)
  rows.push(['all', sum(1), sum(2), sum(3)])
  const lines = [['operation', 'points', 'runs', 'violations'], ...rows].map(
    ([name, ...counts]) =>
      `${name}`.padEnd(68) + counts.map((count) => `${count}`.padStart(11)).join('')
  )
  return lines.join('\n')
}

/** What was wrong where, a line for each. */
export const complaints = (results: Result[]) =>
  results.flatMap(({ title, violations }) => violations.map((what) => `${title}: ${what}`))
