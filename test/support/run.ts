// npm test: one Postgres and one migrated template database for the whole run, then tap.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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

process.on('SIGINT', () => {}) // Ctrl-C reaches tap as well: it reports and ends, then we clean up

const folder = mkdtempSync(join(tmpdir(), 'directo-test-'))
const server = await startPostgres(folder, SETTINGS)
try {
  const admin = postgres(server.url, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${TEMPLATE}`)
  await admin.end()
  await migrate(databaseUrl(server.url, TEMPLATE))
  const built = ['.tap/plugins', 'node_modules/@tapjs/test/test-built/.tshy'].every(existsSync)
  process.exitCode = built || !(await tap('build')) ? await tap(...process.argv.slice(2)) : 1
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

function tap(...argv: string[]) {
  const env = { ...process.env, TEST_POSTGRES: server.url }
  const child = spawn('tap', argv, { stdio: 'inherit', env })
  return new Promise<number>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done(code ?? 1))
  })
}
