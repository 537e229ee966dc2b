// Starts what the image holds, with environment variables and nothing else, and asks if it is ready.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { environmentOf } from '../../src/dev/environment.ts'
import { startPostgres } from '../../src/dev/postgres.ts'
import { startSandbox } from '../../src/dev/sandbox/server.ts'

const [image = '.'] = process.argv.slice(2)
const data = mkdtempSync(join(tmpdir(), 'directo-image-data-'))
const postgres = await startPostgres(data)
const sandbox = await startSandbox()

const env = {
  PATH: process.env.PATH,
  DATABASE_URL: postgres.url,
  ...environmentOf(sandbox, 'directo'),
  JWT_SECRET: 'a secret of thirty-two bytes or more',
  CORS_ORIGINS: 'http://localhost:5173',
  DRAIN_SECONDS: '0',
  PORT: '0'
}
try {
  await directo('migrate')
  await directo('bucket', 'setup', '--create')
  await serve()
} finally {
  await sandbox.close()
  await postgres.stop()
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
    break
  }
  service.kill('SIGTERM')
  const [code] = service.exitCode === null ? await once(service, 'exit') : [service.exitCode]
  console.log(`stopped: ${code}`)
  if (code !== 0) process.exitCode = 1
}
