// The figures beside what we want of them: one line for each ratio.

import type { Figures } from './main.ts'

export interface Line {
  what: string
  figure: number
  unit: string
  target: number
  /** Whether the figure should be at most the target, or at least. */
  is: 'at most' | 'at least'
  met: boolean
}

/** Those that could be measured. */
export function summary({ requests, uploads, confirm, ready }: Figures): Line[] {
  const direct = uploads.find(({ on }) => on === 'directo')!
  const multerS3 = uploads.find(({ on }) => on === 'multer-s3')!
  return [
    ...costs(requests, 'create', { bare: 8, tutorial: 2.5 }),
    ...costs(requests, 'read', { bare: 4, tutorial: 8 }),
    ...costs(requests, 'redirect', { bare: 4 }),
    ...costs(requests, 'batch of 100', { bare: 40, tutorial: 40 }),
    atMost('5 MB avatar', direct.cpuMs, 'ms CPU', 1.2),
    atMost('5 MB avatar, 64 at once', direct.overIdleMB, 'MB over idle', 40),
    atLeast('5 MB avatar', multerS3.cpuMs / direct.cpuMs, '× cheaper than multer-s3', 20),
    atMost('confirm, S3 20 ms away', confirm.p50, 'ms p50', 75),
    atMost('confirm', confirm.s3RoundTrips, 'round trips to S3 in turn', 3),
    atMost('confirm', confirm.databaseRoundTrips, 'round trips to Postgres in turn', 3),
    atMost('npm start until ready', ready.npmStart, 'ms', 1000)
  ]
}

function costs(
  { rows }: Figures['requests'],
  name: string,
  targets: { bare: number; tutorial?: number }
) {
  const row = (on: string) => rows.find((one) => one.name === name && one.on === on)
  const ours = row('directo')
  const theirs = row('tutorial')
  if (!ours?.cost) return []
  const lines = [
    atMost(name, ours.cost.cpuMicros / ours.bareMicros, '× bare Fastify', targets.bare)
  ]
  if (!theirs?.cost || !targets.tutorial) return lines
  const ratio = theirs.cost.cpuMicros / ours.cost.cpuMicros
  return [...lines, atLeast(name, ratio, '× cheaper than the tutorial server', targets.tutorial)]
}

const atMost = (what: string, figure: number, unit: string, target: number): Line => ({
  what,
  figure,
  unit,
  target,
  is: 'at most',
  met: figure <= target
})

const atLeast = (what: string, figure: number, unit: string, target: number): Line => ({
  what,
  figure,
  unit,
  target,
  is: 'at least',
  met: figure >= target
})
