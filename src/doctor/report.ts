// What the doctor says: a line a check, and what the bucket can do.

import type { Outcome } from './check.ts'
import type { Diagnosis, Result } from './doctor.ts'

const MARKS: Record<Outcome, string> = { pass: '✔', fail: '✘', warn: '!', note: '–' }

/** For people. Checks that were not made are counted, not listed. */
export function report({ ok, store, checks }: Diagnosis): string {
  const causes = new Set(checks.flatMap(({ because }) => because ?? []))
  const made = checks.filter(({ because }) => !because).map(line)
  const unmade = [...causes].map((cause) => {
    const count = checks.filter(({ because }) => because === cause).length
    return `– ${count} more not looked at, because of "${cause}"`
  })
  const verdict = ok ? 'All is well.' : 'Not ready: see ✘.'
  return [...made, ...unmade, '', verdict, ...(store ? [`STORE=${store}`] : [])].join('\n')
}

function line({ name, outcome, detail, advice }: Result) {
  return oneLine(`${MARKS[outcome]} ${name}: ${detail}${advice ? ` → ${advice}` : ''}`)
}

/** Text that may hold what a store wrote, so that it cannot draw over our own lines. */
export const oneLine = (text: string) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')

/** For programs. */
export function json({ ok, store, checks }: Diagnosis): string {
  const told = checks.map(({ name, outcome, detail, advice }) => ({
    name,
    outcome,
    detail,
    advice
  }))
  return JSON.stringify({ ok, store, checks: told }, null, 2)
}
