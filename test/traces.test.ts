// Traces, where OTEL_ variables ask for them: which spans there are, what is never in one (THREATS T64), and that
// nothing depends on who collects them.

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import t, { type Test } from 'tap'

import { environmentOf } from '../src/dev/environment.ts'
import { startSandbox } from '../src/dev/sandbox/server.ts'
import { wantedTraces } from '../src/telemetry/settings.ts'
import { summaryOf } from '../src/telemetry/spans.ts'
import { BUCKET } from './support/app.ts'
import { type Span, startCollector } from './support/collector.ts'
import { cloneDatabase } from './support/database.ts'
import { padded, png } from './support/pictures.ts'
import { processEnvironment, runCommand, startProcess } from './support/process.ts'

const picture = padded(png(64), 400)

async function startTraced(t: Test, environment: Record<string, string>) {
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  t.teardown(sandbox.close)
  const lines: string[] = []
  const settings = {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: await cloneDatabase(t),
    ...environment
  }
  const service = await startProcess(t, settings, (line) => lines.push(line))
  const said = () => lines.map((line) => JSON.parse(line))
  return { service, sandbox, said }
}

const below = (spans: Span[], parent: Span | undefined) =>
  spans.filter(({ parentId }) => parentId === parent?.spanId).map(({ name }) => name)

t.test('a request is a span, and what it asks of S3 and Postgres is below it', async (t) => {
  const collector = await startCollector(t)
  const { service, sandbox, said } = await startTraced(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=of-the-operator',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    JANITOR: 'on',
    SWEEP_SECONDS: '1',
    LOG_LEVEL: 'debug' // on which a pass with nothing to do says that it is over
  })
  const ada = service.user('ada')
  await ada.upload(picture)
  sandbox.misbehave.fail('HeadObject', { status: 403, code: 'AccessDenied' })
  const upload = await ada.sent(picture)
  await t.rejects(ada.confirm(upload), { code: 'STORAGE_UNAVAILABLE' })
  const caller = { trace: 'a'.repeat(32), span: 'b'.repeat(16) }
  const headers = {
    authorization: `Bearer ${ada.token}`,
    traceparent: `00-${caller.trace}-${caller.span}-01`,
    'x-request-id': 'mine'
  }
  await (await fetch(`${service.url}/api/users/bob/avatar?secret=1`, { headers })).text()
  await (await fetch(`${service.url}/api/users/bob/avatar`, { headers })).text()
  await (await fetch(`${service.url}/nothing/ada`)).text()
  await (await fetch(`${service.url}/health/ready`)).text()
  while (!said().some(({ msg }) => msg === 'swept')) await sleep(50)
  await service.stop()

  const spans = collector.spans()
  const named = (name: string) => spans.filter((span) => span.name === name)
  const [create] = named('POST /api/uploads')
  t.match(create, { kind: 2, parentId: '', attributes: { 'http.response.status_code': 201 } })
  t.same(below(spans, create), ['INSERT uploads'])
  const [confirmed, failed] = named('POST /api/uploads/:id/confirm')
  const calls = [
    'INSERT objects',
    'S3 CopyObject',
    'S3 GetObject',
    'S3 HeadObject',
    'SELECT commit_upload'
  ]
  t.same(below(spans, confirmed).sort(), calls)
  t.match(failed, { status: 2, attributes: { 'http.response.status_code': 503 } })
  const refused = spans.find(
    ({ name, parentId }) => name === 'S3 HeadObject' && parentId === failed?.spanId
  )
  t.match(refused, { kind: 3, status: 2, attributes: { 'error.type': '403' } })

  const [bad, read] = named('GET /api/users/:userId/avatar')
  t.match(
    bad,
    { status: 0, attributes: { 'http.response.status_code': 400 } },
    'no failure of ours'
  )
  t.match(read, { traceId: caller.trace, parentId: caller.span }, 'below the span of the caller')
  t.match(read!.attributes, {
    'directo.request_id': 'mine',
    'http.route': '/api/users/:userId/avatar'
  })
  t.same(below(spans, read), ['SELECT json_array_elements_text'])
  t.equal(named('GET').length, 1, 'what has no route')
  // The last may have been told to stop.
  const swept = named('TRANSACTION').filter((one) =>
    named('janitor sweep').some(({ spanId }) => spanId === one.parentId)
  )
  t.ok(
    swept.some((one) => below(spans, one).includes('SQL')),
    'the steps of a transaction are below it, and it below the pass'
  )
  const roots = spans.filter(({ parentId }) => parentId === '')
  t.notOk(
    roots.some(({ name }) => /health|^S3|SELECT/.test(name)),
    'no probes, no lone calls'
  )

  t.match(collector.resources()[0], {
    'service.name': 'directo',
    'deployment.environment.name': 'test'
  })
  t.match(collector.headers[0], /v1\/traces.*api-key","of-the-operator/)
  t.notMatch(
    collector.text(),
    /secret|nothing|X-Amz|sandbox-not|Bearer|of its|avatars-of-a-test|staging/
  )
  const line = said().find(({ requestId }) => requestId === 'mine')
  t.equal(line.traceId, caller.trace, 'lines name their trace')
})

t.test('a collector that is away, or silent, disturbs nothing', async (t) => {
  const silent = createServer((socket: Socket) => void socket.on('error', () => {}))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  const { port } = silent.address() as { port: number }
  for (const endpoint of ['http://127.0.0.1:1', `http://127.0.0.1:${port}`]) {
    const { service, said } = await startTraced(t, {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_BSP_EXPORT_TIMEOUT: '200'
    })
    const ada = service.user('ada')
    for (let i = 0; i < 20; i++) await ada.upload(picture)
    await service.stop()
    const warnings = said().filter(({ level }) => level > 30)
    t.match(warnings[0], { msg: /traces cannot be exported/ })
    t.equal(warnings.length, 1, 'said once')
    t.equal(said().filter(({ route }) => route === '/api/uploads').length, 20, 'to its end')
  }
})

t.test('what is asked for and not to be had is said, and nothing starts', async (t) => {
  const environment = {
    ...processEnvironment,
    S3_BUCKET: BUCKET,
    DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c'
  }
  const serve = async (more: Record<string, string>) =>
    await runCommand(t, ['serve'], { ...environment, ...more }).ended
  const grpc = await serve({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })
  t.match(grpc, {
    code: 1,
    output: /^The configuration cannot be used:\n {2}OTEL_EXPORTER_OTLP_PROTOCOL: there is/
  })
  // As where they were not installed: nothing of theirs is found.
  const none = `data:text/javascript,import{registerHooks as r}from'node:module';r({resolve(s,c,n){if(/opentelemetry|otel/.test(s)%26%26!s.startsWith('.'))throw Object.assign(new Error(s),{code:'ERR_MODULE_NOT_FOUND'});return n(s,c)}})`
  const bare = await serve({ OTEL_TRACES_EXPORTER: 'otlp', NODE_OPTIONS: `--import "${none}"` })
  t.match(bare, {
    code: 1,
    output: /^The configuration cannot be used:\n {2}OTEL_.*npm ci --omit=dev/
  })
})

t.test('only the variables of OpenTelemetry switch it on', (t) => {
  const wanted = (env: Record<string, string>) => wantedTraces(env)
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }
  const on = { isWanted: true, propagates: true, problems: [] }
  const off = { ...on, isWanted: false }
  t.same(wanted({}), off)
  t.same(wanted({ OTEL_SERVICE_NAME: 'x', OTEL_EXPORTER_OTLP_ENDPOINT: '' }), off)
  t.same(wanted(endpoint), on)
  t.same(wanted({ OTEL_TRACES_EXPORTER: 'otlp' }), on)
  t.same(wanted({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }), off)
  t.same(
    wanted({ ...endpoint, OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }),
    off
  )
  t.same(wanted({ ...endpoint, OTEL_PROPAGATORS: 'b3' }), { ...on, propagates: false })
  t.same(wanted({ ...endpoint, OTEL_PROPAGATORS: 'baggage, tracecontext' }), on)
  const bad = { OTEL_TRACES_EXPORTER: 'zipkin', OTEL_TRACES_SAMPLER: 'sometimes' }
  t.equal(wanted({ ...bad, OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }).problems.length, 3)
  t.end()
})

t.test('a statement is named by its verb and its table', (t) => {
  t.equal(summaryOf('select "id" from "users" where "id" = $1 for update'), 'SELECT users')
  t.equal(summaryOf('with a as (insert into x (a) values ($1)) select 1'), 'INSERT x')
  t.equal(summaryOf('set local enable_sort = off'), 'SQL')
  t.end()
})
