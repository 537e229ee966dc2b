// What a million users cost beside a thousand, as a table and a line for each ratio.

import type { Read } from './reads.ts'
import type { Scale } from './scale.ts'

const TARGET = 1.3

export function print({ machine, reads, scans, waste, unnamed }: Scale) {
  const { users, cores, loadBefore, loadAfter, seconds } = machine
  console.log(
    `${cores} cores, load ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} after, ${seconds} s\n`
  )
  line('10 connections', 'users', 'CPU µs', '× bare', 'Postgres µs', 'p50 ms', 'p99 ms', 'failed')
  for (const { name, few, many, bare } of reads) {
    line('{ok:true}', 'bare Fastify', ...cells(bare, bare))
    line(name, '1,000', ...cells(few, bare))
    line(name, users.toLocaleString('en'), ...cells(many, bare))
  }
  console.log('\nCPU of the service process, and of all of Postgres, for each answer.\n')
  for (const { what, ratio, met } of summary(reads)) {
    console.log(`${what.padEnd(40)}${ratio.toFixed(2)} × (target ${TARGET}) ${met ? '✔' : '✘'}`)
  }
  for (const name of scans) console.log(`✘ not by index: ${name}`)
  for (const name of waste) console.log(`more than a hundred rows in vain: ${name}`)
  for (const name of unnamed) console.log(`✘ ${name}`)
  if (scans.length === 0)
    console.log('✔ every statement on a table that grows with users goes by index')
}

/** Each figure with many users by that with few. */
export const summary = (reads: Read[]) =>
  reads.flatMap(({ name, few, many }) =>
    [
      { what: `${name}: CPU of the service`, ratio: many.cpuMicros / few.cpuMicros },
      { what: `${name}: p99`, ratio: many.p99 / few.p99 }
    ].map((line) => ({ ...line, met: line.ratio <= TARGET }))
  )

const cells = (cost: Read['few'], bare: Read['bare']) => [
  cost.cpuMicros.toFixed(0),
  (cost.cpuMicros / bare.cpuMicros).toFixed(1),
  cost === bare ? '' : cost.postgresMicros.toFixed(0),
  cost.p50.toFixed(1),
  cost.p99.toFixed(1),
  `${cost.failures}`
]

const WIDTHS = [16, 14, 9, 9, 13, 9, 9]
const line = (...cells: string[]) =>
  console.log(
    cells
      .map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0))
      .join('')
      .trimEnd()
  )
