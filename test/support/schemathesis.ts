// npm run test:schemathesis: Schemathesis, with all its checks, calls the running service with whatever openapi.json allows and
// forbids, and compares its answers with it. Arguments go to Schemathesis.

import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

import { migrate } from '../../src/db/migrate.ts'
import { environmentOf } from '../../src/dev/environment.ts'
import { startPostgres } from '../../src/dev/postgres.ts'
import { startSandbox } from '../../src/dev/sandbox/server.ts'
import { padded, png } from './pictures.ts'
import { processEnvironment, startProcess, tokenOf } from './process.ts'
import { ends, runProgram } from './program.ts'

const REQUIREMENTS = 'test/support/openapi/requirements.txt'
const CACHE = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
const VENV = join(CACHE, 'directo', 'schemathesis')
const CALLER = 'schemathesis'
const BUCKET = 'avatars-of-schemathesis'
const POSTGRES = ['fsync=off', 'synchronous_commit=off']

if (hasPython()) await runProgram(run)
else console.log('skipped: no Python 3.10 or newer that can make environments')

async function run() {
  install()
  const service = await start()
  const folder = mkTemporary()
  writeFileSync(join(folder, 'schemathesis.toml'), settings())
  for (const name of ['ada', CALLER]) await service.user(name).upload(padded(png(64), 400))
  const call = async (...argv: string[]) => {
    const options = ['--continue-on-failure', '--max-examples', '60', ...argv]
    const child = spawn(
      join(VENV, 'bin', 'schemathesis'),
      ['run', `${service.url}/openapi.json`, ...options, ...process.argv.slice(2)],
      { stdio: 'inherit', cwd: folder, env: { ...process.env, NO_COLOR: '1' } }
    )
    ends.teardown(() => child.kill())
    const [status] = await once(child, 'exit')
    return status === 0
  }
  // Erased, the caller could create nothing any more: that comes last.
  const isRight = await call('--exclude-operation-id=eraseUser')
  const erasesRight = await call(
    '--include-operation-id=eraseUser',
    '--phases=examples,coverage,fuzzing' // nothing follows from it
  )
  await service.stop()
  return isRight && erasesRight
}

// Whether a declared type or size is allowed is a matter of settings, which a schema cannot know; and an
// aborted upload still says that it is aborted.
function settings() {
  return `
headers = { Authorization = "Bearer ${tokenOf(CALLER, { scope: 'avatars:admin' })}" }

[[operations]]
include-operation-id = "createUpload"
checks.positive_data_acceptance.expected-statuses = ["2xx", "422"]

[[operations]]
include-operation-id = ["abortUpload", "readUpload"]
checks.use_after_free.enabled = false
`
}

function hasPython() {
  const ask = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))'
  return spawnSync('python3', ['-c', ask], { stdio: 'ignore' }).status === 0
}

// Once, and again when the requirements are others than those of the last time.
function install() {
  const mark = join(VENV, 'installed-by-directo')
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return
  must('python3', '-m', 'venv', '--clear', VENV)
  must(join(VENV, 'bin', 'pip'), 'install', '--quiet', '--requirement', REQUIREMENTS)
  writeFileSync(mark, wanted)
}

function must(command: string, ...argv: string[]) {
  const { status } = spawnSync(command, argv, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${argv.join(' ')} failed`)
}

async function start() {
  const database = await startPostgres(mkTemporary(), POSTGRES)
  ends.teardown(() => database.stop())
  await migrate(database.url)
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  ends.teardown(sandbox.close)
  return startProcess(ends, {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: database.url,
    OPEN_UPLOADS_PER_USER: '1000'
  })
}

function mkTemporary() {
  const folder = mkdtempSync(join(tmpdir(), 'directo-schemathesis-'))
  ends.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
