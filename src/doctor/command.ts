// directo doctor: from the command line to its exit status.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { readConfig } from '../config.ts'
import { examine } from './doctor.ts'
import { json, report } from './report.ts'

const HELP = `directo doctor [--keep] [--json]

Looks at the configured bucket and database: access, what a grant must not let in, copies, reads, CORS,
lifecycle, public access, migrations. It touches nothing but fresh keys of its own, and deletes them.
✔ is right, ✘ is wrong and says what to do, ! deserves a look, – is a fact or was not looked at.
--keep writes what the bucket can do to .env, as STORE; --json prints for programs.
The exit status is 1 when something is wrong.`

/** Examines, prints, keeps. @returns the exit status */
export async function doctorCommand(env: Record<string, string | undefined>, argv: string[]) {
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({ args: argv, options: { json: flag, keep: flag, help: flag } })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort())
  const diagnosis = await examine(readConfig(env), { signal: stopping.signal })
  console.log(values.json ? json(diagnosis) : report(diagnosis))
  if (values.keep && diagnosis.store) {
    keep('.env', diagnosis.store)
    if (!values.json) console.log('It is written to .env.')
  }
  return diagnosis.ok ? 0 : 1
}

/** Puts the line STORE=… in the place of that which is there, or at the end; makes the file if need be. */
export function keep(path: string, store: string) {
  const before = read(path)
  const line = `STORE=${store}`
  const present = /^[ \t]*(export[ \t]+)?STORE[ \t]*=.*$/gm
  const ended = before === '' || before.endsWith('\n') ? before : `${before}\n`
  const after = present.test(before) ? before.replace(present, line) : `${ended}${line}\n`
  const draft = `${path}.${process.pid}` // a disk that is full must not cost the secrets in it
  writeFileSync(draft, after, { mode: 0o600 })
  renameSync(draft, path)
}

function read(path: string) {
  try {
    return readFileSync(path, 'utf8')
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw err
  }
}
