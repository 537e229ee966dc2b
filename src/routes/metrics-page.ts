// The page of metrics: what this instance counted, and what it has to ask others for.

import type { Usage } from '../janitor/usage.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { watchProcess } from '../metrics/process.ts'

const PATIENCE_MS = 1000 // scrapes end after ten seconds by default, and are worth more early

/** What is not counted here, and asked for whenever the page is; each may fail, or never answer. */
export interface Asked {
  usage: () => Promise<Usage | null>
  /** When the credentials for S3 end; null when they do not say. */
  credentialsEnd: () => Promise<Date | null>
  now: () => Date
}

/**
 * Adds to an instance's metrics what is not counted. The page it returns comes in a second or so,
 * whatever is away: what cannot be asked then is left out.
 */
export function openPage({ registry }: Metrics, { now, ...ask }: Asked) {
  const usage = asked(ask.usage)
  const credentials = asked(ask.credentialsEnd)
  describeUsage(registry, usage.answer)
  registry.reading(
    {
      name: 'directo_credentials_remaining_seconds',
      help: 'How long the credentials for S3 still live; not there for those that do not say.'
    },
    () => {
      const end = credentials.answer()
      return end ? (end.getTime() - now().getTime()) / 1000 : undefined
    }
  )
  watchProcess(registry)
  return async () => {
    await Promise.all([usage.ask(), credentials.ask()])
    return registry.page()
  }
}

// Whoever asks while somebody does shares the answer: what hangs, hangs once.
function asked<Answer>(ask: () => Promise<Answer>) {
  let asking: Promise<void> | undefined
  let answer: Answer | undefined
  async function renew() {
    answer = await ask().catch(() => undefined)
    asking = undefined
  }
  return {
    answer: () => answer,
    async ask() {
      asking ??= renew()
      const { promise: late, resolve } = Promise.withResolvers<'late'>()
      const timer = setTimeout(resolve, PATIENCE_MS, 'late' as const)
      // What was known before is no answer to who asks now.
      if ((await Promise.race([asking, late])) === 'late') answer = undefined
      clearTimeout(timer)
    }
  }
}

type Registry = Metrics['registry']

function describeUsage({ reading }: Registry, usage: () => Usage | null | undefined) {
  const gauge = (
    name: string,
    help: string,
    read: (usage: Usage) => number | null | Record<string, number>,
    labels: string[] = []
  ) =>
    reading({ name, help: `${help} The same on every instance.`, labels }, () => {
      const found = usage()
      return (found && read(found)) ?? undefined
    })
  const parts = ['live', 'staged', 'unreferenced'] as const
  const byPart = (of: 'objects' | 'bytes') => (found: Usage) =>
    Object.fromEntries(parts.map((part) => [part, found[part][of]]))

  reading(
    {
      name: 'directo_database_up',
      help: 'Whether Postgres told this page what follows from it; if not, that is left out.'
    },
    () => (usage() ? 1 : 0)
  )
  gauge(
    'directo_usage_timestamp_seconds',
    'When the following was summed up, since 1970.',
    (found) => found.computedAt
  )
  gauge(
    'directo_open_uploads',
    'Uploads that may still be confirmed.',
    (found) => found.openUploads
  )
  gauge('directo_bucket_objects', 'Objects by the account of the database.', byPart('objects'), [
    'part'
  ])
  gauge('directo_bucket_bytes', 'Bytes by the account of the database.', byPart('bytes'), ['part'])
  gauge(
    'directo_janitor_backlog_objects',
    'Objects that are due to be deleted.',
    (found) => found.due
  )
  gauge(
    'directo_janitor_oldest_due_seconds',
    'For how long the oldest of them is due.',
    (found) => found.oldestDueSeconds
  )
  gauge(
    'directo_dangling_references',
    'Users whose picture the last walk through the bucket missed.',
    (found) => found.dangling
  )
  gauge(
    'directo_walk_timestamp_seconds',
    'When that walk ended, since 1970.',
    (found) => found.walkedAt
  )
}
