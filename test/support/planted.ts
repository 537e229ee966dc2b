// The service with a secret in everything that it is given, and a look for each in all that comes out.

import postgres from 'postgres'
import type { Test } from 'tap'

import { environmentOf } from '../../src/dev/environment.ts'
import { xmlText } from '../../src/dev/sandbox/answer.ts'
import type { When } from '../../src/dev/sandbox/misbehave.ts'
import { startSandbox } from '../../src/dev/sandbox/server.ts'
import { BUCKET } from './app.ts'
import { type Canaries, canary, found } from './canaries.ts'
import { startCollector } from './collector.ts'
import { cloneDatabase } from './database.ts'
import { type Kept, makePlantedCalls } from './planted-calls.ts'
import { processEnvironment, runCommand, startProcess } from './process.ts'

const names = `jwt-secret s3-key session-token metrics-token collector-key cookie api-key query body agent
  referer baggage tracestate file-name upload basic garbage path origin forwarded bad-token request-id`

export type Planted = Awaited<ReturnType<typeof startPlanted>>

/** A real process at LOG_LEVEL=trace, with traces on and a janitor that sweeps every second. */
export async function startPlanted(
  t: Test,
  environment: Record<string, string> = {},
  more: Canaries = {}
) {
  const planted = names.split(/\s+/).map((name) => [name, canary(name)])
  const secrets: Canaries = { ...Object.fromEntries(planted), ...more }
  const sandbox = await startSandbox({
    buckets: [BUCKET],
    secretAccessKey: secrets['s3-key'],
    sessionToken: secrets['session-token']
  })
  t.teardown(sandbox.close)
  const collector = await startCollector(t)
  const databaseUrl = await cloneDatabase(t)
  secrets['database-password'] = new URL(databaseUrl).password
  const settings = {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: databaseUrl,
    AWS_SESSION_TOKEN: secrets['session-token']!,
    JWT_SECRET: secrets['jwt-secret']!,
    METRICS_TOKEN: secrets['metrics-token']!,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: `api-key=${encodeURIComponent(secrets['collector-key']!)}`,
    OTEL_BSP_SCHEDULE_DELAY: '200',
    LOG_LEVEL: 'trace',
    S3_DEADLINE_MS: '1000',
    CORS_ORIGINS: 'https://app.example',
    JANITOR: 'on',
    SWEEP_SECONDS: '1',
    ...environment
  }
  const lines: string[] = []
  const service = await startProcess(t, settings, (line) => lines.push(line))
  // What is the caller's own may be in answers to them, and nowhere else.
  const kept: Kept = { answers: [], statuses: {}, own: {}, secrets }
  const output: string[] = []
  async function run(statement: string) {
    const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
    await sql.unsafe(statement)
    await sql.end()
  }

  return {
    ...{ service, sandbox, lines },
    statuses: kept.statuses,
    /** Every call, for a user of that name; failing ones are answered as they fail. */
    callAll: (userId: string) => makePlantedCalls(service, settings.JWT_SECRET, kept, userId),
    /** One call with a token that others made. */
    async callWith(token: string) {
      kept.own[`token ${token.slice(-6)}`] = token.split('.')[2]!
      const headers = { authorization: `Bearer ${token}` }
      const reply = await fetch(`${service.url}/api/users/me/avatar`, { headers })
      kept.answers.push(JSON.stringify([...reply.headers]) + (await reply.text()))
      return reply.status
    },
    /** Every other command that prints. */
    async command(...argv: string[]) {
      const { code, output: printed } = await runCommand(t, argv, settings).ended
      output.push(printed)
      return code
    },
    /** From now on S3 fails so and quotes all that it was told. */
    quote: (when: When, status = 403) =>
      sandbox.misbehave.add(when, {
        rewrite: (_answer, { headers, path }) => {
          const [, signature] = /Signature=(\w+)/.exec(headers.authorization ?? '') ?? []
          if (signature) kept.own['our own signature'] = signature
          const all = JSON.stringify([secrets, kept.own, headers, path]).replace(/[<&]/g, ' ')
          return xmlText(
            `<Error><Code>${secrets['session-token']}</Code><Message>${all}</Message></Error>`,
            status
          )
        }
      }),
    postgres: run,
    /** From now on Postgres refuses every change, and quotes it. */
    async quoteRows() {
      await run(`create function quote() returns trigger language plpgsql as $$ begin
        raise exception 'not %', to_jsonb(new) using detail = to_jsonb(new)::text, hint = current_query();
      end $$`)
      for (const table of ['uploads', 'objects', 'users']) {
        await run(
          `create trigger quote before insert or update on ${table} for each row execute function quote()`
        )
      }
    },
    /** Ends the process, and names whatever came out of it that should not have. */
    async leaks() {
      await service.stop()
      const everywhere = found(secrets, [...kept.answers, ...output].join('\n'))
      const logged = found({ ...secrets, ...kept.own }, lines.join('\n'))
      const withoutHeaders = { ...secrets }
      delete withoutHeaders['collector-key']
      const traced = found({ ...withoutHeaders, ...kept.own }, collector.text())
      return { everywhere, logged, traced, spans: collector.spans().length }
    }
  }
}
