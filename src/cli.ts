#!/usr/bin/env node
// The directo command: one line for each thing it can do.

const [command = 'help', ...argv] = process.argv.slice(2)

const commands: Record<string, { does: string; run: () => Promise<unknown> }> = {
  serve: { does: 'answer requests', run: () => import('./main.ts') },
  migrate: { does: 'bring the database up to date', run: () => migrate() },
  sandbox: {
    does: 'start the S3 sandbox alone (--help says how)',
    run: async () => (await import('./dev/sandbox/main.ts')).sandboxCommand(argv)
  },
  help: { does: 'show this', run: async () => console.log(usage()) }
}

function usage() {
  const lines = Object.entries(commands).map(
    ([name, { does }]) => `  directo ${name.padEnd(9)}${does}`
  )
  return `Usage:\n${lines.join('\n')}`
}

async function migrate() {
  const { readConfig } = await import('./config.ts')
  const { migrate } = await import('./db/migrate.ts')
  await migrate(readConfig(process.env).databaseUrl)
  console.log('The database is up to date.')
}

if (Object.hasOwn(commands, command)) {
  await commands[command]!.run().catch((err: Error) => {
    console.error(err.name === 'ConfigError' ? err.message : err)
    process.exitCode = 1
  })
} else {
  console.error(`There is no command "${command}".\n${usage()}`)
  process.exitCode = 1
}
