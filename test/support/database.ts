// A database of its own for every test file: a clone of the migrated template.

import { randomBytes } from 'node:crypto'

import postgres from 'postgres'
import type { Test } from 'tap'

export const TEMPLATE = 'directo_template'

export function databaseUrl(serverUrl: string, name: string) {
  const url = new URL(serverUrl)
  url.pathname = name
  return url.href
}

/** Clones the template for a test, drops the clone when it ends, and answers its URL. */
export async function cloneDatabase(t: Test) {
  const serverUrl = process.env.TEST_POSTGRES
  if (!serverUrl) throw new Error('run tests with npm test: it starts the Postgres they need')
  const name = `test_${randomBytes(8).toString('hex')}`
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name} template ${TEMPLATE}`)
  t.teardown(async () => {
    await admin.unsafe(`drop database ${name} with (force)`)
    await admin.end()
  })
  return databaseUrl(serverUrl, name)
}
