// How the process ends: told to, in order; by an error, with a status that says so; told twice, at once (F37, F39).

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import t, { type Test } from 'tap'

import { environmentOf } from '../src/dev/environment.ts'
import { startSandbox } from '../src/dev/sandbox/server.ts'
import { endAtOnce } from '../src/shutdown.ts'
import { BUCKET } from './support/app.ts'
import { cloneDatabase } from './support/database.ts'
import { png } from './support/pictures.ts'
import { coverage, processEnvironment, startProcess } from './support/process.ts'

const picture = png(64)

async function start(
  t: Test,
  environment: Record<string, string> = {},
  hear?: (line: string) => unknown
) {
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  t.teardown(sandbox.close)
  const settings = {
    ...processEnvironment,
    ...coverage(),
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: await cloneDatabase(t),
    ...environment
  }
  const service = await startProcess(t, settings, hear)
  const status = async (path: string) => (await fetch(`${service.url}${path}`)).status
  return { sandbox, service, ada: service.user('ada'), status }
}

t.test(
  'SIGTERM: not ready, but everything is served until balancers know; a second: the end',
  async (t) => {
    const { service, ada, status } = await start(t, { DRAIN_SECONDS: '60' })
    const agent = new Agent({ keepAlive: true })
    t.teardown(() => agent.destroy())
    t.match(await get(`${service.url}/health/ready`, agent), {
      status: 200,
      connection: 'keep-alive'
    })
    service.tell('SIGTERM')
    while ((await status('/health/ready')) !== 503) await sleep(10)
    t.equal(await status('/health/live'), 200)
    t.match(await ada.confirm(await ada.sent(picture)), { upload: { state: 'confirmed' } })
    t.match(await get(`${service.url}/health/live`, agent), { status: 200, connection: 'close' })
    service.tell('SIGTERM')
    t.equal(await service.ended, null, 'killed')
  }
)

t.test(
  'what is under way is finished; connections that say nothing are not waited for',
  async (t) => {
    const { sandbox, service, ada } = await start(t)
    const upload = await ada.sent(picture)
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    sandbox.misbehave.before({ verb: 'CopyObject', times: 1 }, () => {
      reached.resolve()
      return released.promise
    })
    const confirmed = ada.confirm(upload)
    const silent = connect(Number(new URL(service.url).port), '127.0.0.1')
    await once(silent, 'connect')
    await reached.promise
    service.tell('SIGTERM')
    await once(silent.resume(), 'close')
    released.resolve()
    t.match(await confirmed, { upload: { state: 'confirmed' } })
    t.equal(await service.ended, 0)
  }
)

t.test('what takes longer than any call may take is cut off', async (t) => {
  const deadlines = {
    CONFIRM_DEADLINE_MS: '300',
    DATABASE_DEADLINE_MS: '300',
    S3_DEADLINE_MS: '300'
  }
  const { service } = await start(t, deadlines)
  const slow = connect(Number(new URL(service.url).port), '127.0.0.1')
  slow.on('error', () => {})
  const half = 'GET /health/live HTTP/1.1\r\nhost: x\r\n'
  slow.write(`${half}\r\n${half}`)
  await once(slow, 'data') // so the half is there as well
  service.tell('SIGTERM')
  await once(slow, 'close')
  t.equal(await service.ended, 0)
  t.match(service.log, 'is cut off')
})

t.test('who holds a connection to the port of metrics holds up nobody', async (t) => {
  const deadlines = {
    CONFIRM_DEADLINE_MS: '300',
    DATABASE_DEADLINE_MS: '300',
    S3_DEADLINE_MS: '300'
  }
  const { promise: listening, resolve } = Promise.withResolvers<string>()
  const hear = (line: string) => {
    const [address] = /http:[^"]+(?=\/metrics")/.exec(line) ?? []
    if (address) resolve(address)
  }
  const { service } = await start(t, { ...deadlines, METRICS_PORT: '0' }, hear)
  const port = Number(new URL(await listening).port)
  for (const half of ['', 'GET /metrics HTTP/1.1\r\nhost: x\r\n']) {
    const slow = connect(port, '127.0.0.1')
    slow.on('error', () => {}).write(half)
    await once(slow, 'connect')
  }
  service.tell('SIGTERM')
  t.equal(await service.ended, 0)
})

t.test('an error that nobody caught is logged, and ends the process with a status', async (t) => {
  for (const fail of ['Promise.reject(err)', 'throw(err)']) {
    const code = `process.on('SIGWINCH',()=>{const/**/err=new/**/Error('uncaught');${fail}})`
    const faulty = `--import=data:text/javascript,${code}`
    const NODE_OPTIONS = [coverage().NODE_OPTIONS, faulty].join(' ').trim()
    const { service } = await start(t, { NODE_OPTIONS })
    service.tell('SIGWINCH')
    t.equal(await service.ended, 1, fail)
    t.match(service.log, /"level":60.*"err":{"type":"Error",.*closing after an error/)
  }
})

interface Answer {
  status?: number
  connection?: string
}

function get(url: string, agent: Agent): Promise<Answer> {
  return new Promise((settle, fail) => {
    const asked = request(url, { agent }, (answer) => {
      const { statusCode: status, headers } = answer
      answer.resume().on('end', () => settle({ status, connection: headers.connection }))
    })
    asked.on('error', fail).end()
  })
}

t.test(
  'at once means at once: while nobody reads the log, and as process 1 of a container',
  async (t) => {
    const calls = [t.capture(process, 'kill', () => true), t.capture(process, 'abort', () => {})]
    endAtOnce()
    t.same(
      calls.map((called) => called().map(({ args }) => args)),
      [[[process.pid, 'SIGKILL']], [[]]]
    )
    // A write that fills the pipe holds a thread, for which an exit would wait.
    const stuck = `import { endAtOnce } from './src/shutdown.ts'
    import { write } from 'node:fs'
    write(1, Buffer.alloc(1_000_000), () => {})
    setTimeout(endAtOnce, 100)`
    const node = [process.execPath, '--input-type=module', '-e', stuck]
    const contained = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child']
    const [tool, ...flags] = contained
    const canContain = spawnSync(tool!, [...flags, 'true']).status === 0
    for (const [command, ...argv] of [node, ...(canContain ? [[...contained, ...node]] : [])]) {
      const child = spawn(command!, argv, { stdio: ['ignore', 'pipe', 'ignore'] })
      t.teardown(() => child.kill('SIGKILL'))
      const how = `${await once(child, 'exit')}`
      t.match(how, /SIGKILL|SIGABRT|SIGSEGV|SIGTRAP|1\d\d/, command!)
    }
  }
)
