// The table in docs/threats.md is true: every row names tests, and these say that they are about it.

import { readFileSync } from 'node:fs'

import t from 'tap'

const rows = readFileSync('docs/threats.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| [TF]\d/.test(line))
  .map((line) => ({ id: line.slice(2, 5), tests: [...line.matchAll(/`(test\/[^`]+)`/g)] }))

const range = (letter: string, from: number, to: number, without: number[] = []) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)
    .filter((number) => !without.includes(number))
    .map((number) => `${letter}${number}`)

t.test('no threat and no fault is missing', async (t) => {
  const all = [...range('T', 50, 74, [68, 69]), ...range('F', 27, 43)] // there are no T68 and T69
  t.same(rows.map(({ id }) => id).sort(), all.sort())
})

t.test('each names tests that speak of it', async (t) => {
  for (const { id, tests } of rows) {
    t.not(tests.length, 0, id)
    for (const [, path] of tests) {
      t.match(readFileSync(path!, 'utf8'), new RegExp(`\\b${id}\\b`), `${id} in ${path}`)
    }
  }
})
