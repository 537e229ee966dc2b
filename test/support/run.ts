// npm test: one Postgres and one migrated template database for the whole run, then tap.

import { spawn } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import postgres from 'postgres'

import { migrate } from '../../src/db/migrate.ts'
import { startPostgres } from '../../src/dev/postgres.ts'
import { databaseUrl, TEMPLATE } from './database.ts'

// Throw-away data: a crash of the machine may lose it.
const SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=300'
]
const ENOUGH = 2 * 1024 ** 3

process.on('SIGINT', () => {}) // Ctrl-C reaches tap as well: it reports and ends, then we clean up

const folder = mkdtempSync(join(quickest(), 'directo-test-'))
const server = await startPostgres(folder, SETTINGS)
try {
  const admin = postgres(server.url, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${TEMPLATE}`)
  await admin.end()
  await migrate(databaseUrl(server.url, TEMPLATE))
  process.exitCode = (await build()) || (await tap(...process.argv.slice(2)))
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

// A clone of the template is 300 new files: 0.03 s in memory, up to 0.4 s of CPU on a disk.
function quickest() {
  const memory = '/dev/shm'
  try {
    accessSync(memory, constants.W_OK)
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize > ENOUGH ? memory : tmpdir()
  } catch {
    return tmpdir()
  }
}

// tap has to be told once for every node_modules which plugins we chose; our mark goes with them.
async function build() {
  const mark = 'node_modules/@tapjs/test/test-built/built-by-directo'
  const built = [mark, 'node_modules/@tapjs/test/test-built/dist/esm/index.js', '.tap/plugins']
  if (built.every((path) => existsSync(path))) return 0
  rmSync('.tap/plugins', { recursive: true, force: true }) // those of an earlier node_modules
  const failed = await tap('build')
  if (!failed) writeFileSync(mark, '')
  return failed
}

function tap(...argv: string[]) {
  const env: NodeJS.ProcessEnv = { ...process.env, TEST_POSTGRES: server.url }
  // Most of what a process costs is to compile the same modules once more; coverage counts by the source.
  if (argv.includes('--disable-coverage')) {
    env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/tests')
    argv.unshift(`--node-arg=--import=${import.meta.resolve('./uncounted.ts')}`)
  } else {
    env.NODE_DISABLE_COMPILE_CACHE = '1' // of functions that come from it, coverage is not exact
  }
  const child = spawn('tap', argv, { stdio: 'inherit', env })
  process.once('SIGTERM', () => child.kill('SIGTERM')) // what it leaves undone, we still clean up
  return new Promise<number>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done(code ?? 1))
  })
}
