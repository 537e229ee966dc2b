// What an instance counts: each number by its name, and what it means.

import { catalogue, type ProblemCode } from '../errors.ts'
import { type ReasonCode, reasonCodes } from '../reasons.ts'
import { type Counter, type Described, type Histogram, openRegistry } from './registry.ts'

export type Metrics = ReturnType<typeof openMetrics>

const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Opens all of them at zero: a series that is not there yet hides its first step from `rate()`. */
export function openMetrics() {
  const registry = openRegistry()
  const counter = (name: string, help: string) => registry.counter({ name, help })()
  const seconds = (described: Described) =>
    registry.histogram({ ...described, bounds: CALL_SECONDS })

  return {
    registry,
    requests: seconds({
      name: 'directo_http_request_duration_seconds',
      help: 'Requests by route, method and class of status; route "none" is any unknown address.',
      labels: ['route', 'method', 'status']
    }),
    broken: counter(
      'directo_http_broken_requests_total',
      'What was not HTTP, had headers too large or came too slowly.'
    ),
    problems: each<ProblemCode, Counter>(
      Object.keys(catalogue) as ProblemCode[],
      registry.counter({
        name: 'directo_problems_total',
        help: 'Answers that were problems, by their code.',
        labels: ['code']
      })
    ),
    uploads: {
      created: counter('directo_uploads_created_total', 'Uploads created.'),
      confirmed: counter('directo_uploads_confirmed_total', 'Uploads confirmed, each once.'),
      rejected: counter('directo_uploads_rejected_total', 'Uploads rejected, each once.'),
      aborted: counter('directo_uploads_aborted_total', 'Uploads aborted by their users.'),
      expired: counter(
        'directo_uploads_expired_total',
        'Uploads that were still open at their end, as this janitor found.'
      )
    },
    reasons: each<ReasonCode, Counter>(
      reasonCodes,
      registry.counter({
        name: 'directo_upload_rejection_reasons_total',
        help: 'Why uploads were rejected; one may have several reasons.',
        labels: ['reason']
      })
    ),
    phases: each<Phase, Histogram>(
      phases,
      seconds({
        name: 'directo_confirm_phase_duration_seconds',
        help: 'Parts of a confirm: claim (and look at staging), copy, verify the copy, commit.',
        labels: ['phase']
      })
    ),
    s3: seconds({
      name: 'directo_s3_call_duration_seconds',
      help: 'Calls to S3 by verb, with all their attempts; absent: the object was not there, or another.',
      labels: ['verb', 'outcome']
    }),
    database: seconds({
      name: 'directo_database_call_duration_seconds',
      help: 'Calls to Postgres, with the wait for a connection.',
      labels: ['operation', 'outcome']
    }),
    janitor: {
      sweeps: each<SweepOutcome, Counter>(
        sweepOutcomes,
        registry.counter({
          name: 'directo_janitor_sweeps_total',
          help: 'Sweeps; failed: something was left undone; refused: the bucket may not be ours.',
          labels: ['outcome']
        })
      ),
      purged: counter('directo_janitor_purged_total', 'Objects deleted because they were due.'),
      failed: counter('directo_janitor_failed_total', 'Objects that were due and S3 left alone.'),
      abandoned: counter('directo_janitor_abandoned_total', 'Confirms that died on their way.'),
      forgotten: counter('directo_janitor_forgotten_total', 'Rows removed after the retention.'),
      strays: counter('directo_janitor_strays_removed_total', 'Deleted objects that no row knew.')
    }
  }
}

const phases = ['claim', 'copy', 'verify', 'commit'] as const
type Phase = (typeof phases)[number]

const sweepOutcomes = ['done', 'failed', 'refused'] as const
type SweepOutcome = (typeof sweepOutcomes)[number]

function each<Name extends string, Child>(
  names: readonly Name[],
  family: (name: string) => Child
): Record<Name, Child> {
  return Object.fromEntries(names.map((name) => [name, family(name)])) as Record<Name, Child>
}
