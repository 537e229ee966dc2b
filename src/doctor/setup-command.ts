// `directo bucket setup` from the command line.

import { parseArgs } from 'node:util'

import { readConfig } from '../config.ts'
import { setUpBucket } from './setup.ts'

const HELP = `directo bucket setup [--create] [--dry-run]

Makes the configured bucket ready: CORS for CORS_ORIGINS, a lifecycle rule that expires staging/ after
a day, no public access, encryption. Rules of others stay. A step that the store has no call for is
marked –; where its vendor has a form of its own, that is printed.

  --create   make the bucket if it is not there
  --dry-run  change nothing, say what would be sent
  --help     this text

The exit status is 1 when something could not be done.`

/** @returns the exit status */
export async function setUpCommand(
  env: Record<string, string | undefined>,
  argv: string[]
): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      create: { type: 'boolean' },
      'dry-run': { type: 'boolean' },
      help: { type: 'boolean' }
    }
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const options = { create: values.create, dryRun: values['dry-run'] }
  return (await setUpBucket(readConfig(env), console.log, options)) ? 0 : 1
}
