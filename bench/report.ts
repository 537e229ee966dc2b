// The figures as tables for a terminal.

import type { Figures } from './main.ts'
import { summary } from './targets.ts'

export function print(figures: Figures) {
  const { machine, requests, uploads, confirm, ready } = figures
  const { node, cores, processor, loadBefore, loadAfter, seconds } = machine
  console.log(
    `Node ${node}, ${cores} × ${processor}, load ${fixed(loadBefore)} before and ${fixed(loadAfter)} after, ${seconds} s\n`
  )
  table(
    [
      '10 connections',
      'server',
      'requests/s',
      'CPU µs each',
      '× bare',
      'p50 ms',
      'p99 ms',
      'MB',
      'failed'
    ],
    [
      ...requests.bares.map((cost) => [
        '{ok:true}',
        'bare Fastify',
        ...cells(cost, cost.cpuMicros)
      ]),
      ...requests.rows.map(({ name, on, cost, bareMicros }) =>
        cost ? [name, on, ...cells(cost, bareMicros)] : [name, on, 'not there']
      )
    ]
  )
  console.log('\nCPU: user and system of that process alone, not of Postgres, S3 or the clients.\n')
  table(
    [
      '5 MB, 64 at once',
      'server',
      'uploads/s',
      'CPU ms each',
      'p50 ms',
      'p99 ms',
      'MB idle',
      'MB over idle',
      'failed'
    ],
    uploads.map(({ on, perSecond, cpuMs, p50, p99, idleMB, overIdleMB, failures, why }) => [
      'whole avatar',
      on,
      ...[perSecond, cpuMs, p50, p99, idleMB, overIdleMB].map(fixed),
      failures ? `${failures}: ${why}` : '0'
    ])
  )
  console.log(
    "\nDirecto's 5 MB go to the sandbox; p50 and p99 are of the whole flow as clients see it.\n"
  )
  console.log(
    `confirm, S3 20 ms away: p50 ${fixed(confirm.p50)} ms, p99 ${fixed(confirm.p99)} ms; in turn ` +
      `${fixed(confirm.s3RoundTrips)} × S3 and ${fixed(confirm.databaseRoundTrips)} × Postgres; ` +
      `${confirm.failures ? `${confirm.failures} failed: ${confirm.why}` : '0 failed'}`
  )
  console.log(
    `until ready: npm start ${fixed(ready.npmStart)} ms; ` +
      `bare Fastify ${fixed(ready.fastify)} ms, node -e 0 ${fixed(ready.node)} ms\n`
  )
  table(
    ['summary', '', '', 'target', ''],
    summary(figures).map(({ what, figure, unit, is, target, met }) => [
      what,
      fixed(figure),
      unit,
      `${is} ${target}`,
      met ? '✔' : '✘'
    ])
  )
}

type Cost = Figures['requests']['bares'][number]

const cells = (
  { perSecond, cpuMicros, p50, p99, residentMB, failures }: Cost,
  bareMicros: number
) => [
  `${perSecond}`,
  fixed(cpuMicros),
  fixed(cpuMicros / bareMicros),
  ...[p50, p99, residentMB].map(fixed),
  `${failures}`
]

// Three digits are more than such a figure is worth.
const fixed = (value: number) =>
  value >= 100 ? `${Math.round(value)}` : value.toFixed(value >= 10 ? 1 : 2)

function table(head: string[], rows: string[][]) {
  const widths = head.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0))
  )
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd()
    )
  }
}
