#!/usr/bin/env node
// The directo command: one line for each thing it can do.

import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

// What Node made of the modules last time: a third of a start. Not among the temporary files, where
// others could put code for us.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/directo', import.meta.url)))

if (existsSync('.env')) process.loadEnvFile() // what the environment says itself counts more

const [command = 'help', ...argv] = process.argv.slice(2)

const commands: Record<string, { does: string; run: () => Promise<unknown> }> = {
  serve: { does: 'answer requests', run: serve },
  migrate: { does: 'bring the database up to date', run: migrate },
  sweep: { does: 'delete what is due, now', run: sweep },
  reconcile: { does: 'walk through the bucket (--help says how)', run: reconcile },
  bucket: { does: '"bucket setup" makes it ready, "bucket adopt" makes it ours', run: bucket },
  doctor: { does: 'check bucket and database (--help says how)', run: doctor },
  token: { does: 'make a token for development (--help says how)', run: token },
  sandbox: { does: 'start the S3 sandbox alone (--help says how)', run: sandbox },
  help: { does: 'show this', run: async () => console.log(usage()) }
}

function usage() {
  const lines = Object.entries(commands).map(
    ([name, { does }]) => `  directo ${name.padEnd(11)}${does}`
  )
  return `Usage:\n${lines.join('\n')}`
}

// What is not understood must not be done without it: "sweep --dry-run" would delete.
function isMeant(args = argv) {
  const { values } = parseArgs({ args, options: { help: { type: 'boolean' } } })
  if (values.help) console.log(usage())
  return !values.help
}

async function serve() {
  if (isMeant()) await import('./main.ts')
}

async function migrate() {
  if (!isMeant()) return
  const { readDatabaseUrl } = await import('./config.ts')
  const { migrate } = await import('./db/migrate.ts')
  await migrate(readDatabaseUrl(process.env))
  console.log('The database is up to date.')
}

async function bucket() {
  if (argv[0] === 'adopt') return adopt()
  if (argv[0] !== 'setup') throw new Error('There is: directo bucket setup, directo bucket adopt')
  const { setUpCommand } = await import('./doctor/setup-command.ts')
  process.exitCode = await setUpCommand(process.env, argv.slice(1))
}

async function adopt() {
  if (!isMeant(argv.slice(1))) return
  const { adoptCommand } = await import('./janitor/commands.ts')
  process.exitCode = await adoptCommand(process.env)
}

async function sweep() {
  if (!isMeant()) return
  const { sweepCommand } = await import('./janitor/commands.ts')
  process.exitCode = await sweepCommand(process.env)
}

async function reconcile() {
  const { reconcileCommand } = await import('./janitor/commands.ts')
  process.exitCode = await reconcileCommand(process.env, argv)
}

async function doctor() {
  const { doctorCommand } = await import('./doctor/command.ts')
  process.exitCode = await doctorCommand(process.env, argv)
}

async function token() {
  const { readIdentity } = await import('./config.ts')
  const { tokenCommand } = await import('./identity/token.ts')
  tokenCommand(() => readIdentity(process.env), argv)
}

async function sandbox() {
  const { sandboxCommand } = await import('./dev/sandbox/main.ts')
  await sandboxCommand(argv)
}

if (/^(--help|-h)$/.test(command)) {
  console.log(usage())
} else if (Object.hasOwn(commands, command)) {
  await commands[command]!.run().catch((err: Error) => {
    console.error(err.message)
    process.exitCode = 1
  })
} else {
  console.error(`There is no command "${command}".\n${usage()}`)
  process.exitCode = 1
}
