// Starts what the image holds, with environment variables and nothing else, and asks if it is ready and traces.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { environmentOf } from '../../src/dev/environment.ts'
import { startPostgres } from '../../src/dev/postgres.ts'
import { startSandbox } from '../../src/dev/sandbox/server.ts'
import { startCollector } from './collector.ts'

const [image = '.'] = process.argv.slice(2)
const data = mkdtempSync(join(tmpdir(), 'directo-image-data-'))
const postgres = await startPostgres(data)
const sandbox = await startSandbox()
const ends: (() => unknown)[] = [sandbox.close, postgres.stop]
const collector = await startCollector({ teardown: (end) => void ends.unshift(end) })

const env = {
  PATH: process.env.PATH,
  DATABASE_URL: postgres.url,
  ...environmentOf(sandbox, 'directo'),
  JWT_SECRET: 'a secret of thirty-two bytes or more',
  CORS_ORIGINS: 'http://localhost:5173',
  DRAIN_SECONDS: '0',
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
  PORT: '0'
}
try {
  await directo('migrate')
  await directo('bucket', 'setup', '--create')
  await serve()
} finally {
  for (const end of ends) await end()
  rmSync(data, { recursive: true, force: true })
}

async function directo(...argv: string[]) {
  const command = spawn('node', ['src/cli.ts', ...argv], { cwd: image, env, stdio: 'inherit' })
  const [code] = await once(command, 'exit')
  if (code !== 0) throw new Error(`directo ${argv.join(' ')} ended with ${code}`)
}

async function serve() {
  const service = spawn('node', ['src/cli.ts', 'serve'], { cwd: image, env })
  service.stderr.pipe(process.stderr)
  let log = ''
  for await (const chunk of service.stdout) {
    log += chunk
    const [, address] = /Server listening at (http:[^"\s]+)/.exec(log) ?? []
    if (!address) continue
    const reply = await fetch(`${address}/health/ready`)
    console.log(`ready: ${reply.status} ${await reply.text()}`)
    if (!reply.ok) process.exitCode = 1
    await fetch(address) // a probe has no span
    break
  }
  service.kill('SIGTERM')
  const [code] = service.exitCode === null ? await once(service, 'exit') : [service.exitCode]
  console.log(`stopped: ${code}, spans: ${collector.spans().length}`)
  if (code !== 0 || collector.spans().length === 0) process.exitCode = 1
}
