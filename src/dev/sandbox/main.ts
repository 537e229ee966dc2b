// `directo sandbox`: the S3 sandbox on its own, for anybody who tests uploads.

import { type ParseArgsConfig, parseArgs } from 'node:util'

import { type Sandbox, startSandbox } from './server.ts'

const HELP = `directo sandbox: an S3 for development and tests that enforces what was signed

  directo sandbox --bucket uploads > sandbox.env &
  eval "$(cat sandbox.env)"

  --port <n>          port to listen on (9000; 0 finds a free one)
  --host <address>    address to listen on (127.0.0.1)
  --access-key <id>   access key id (sandbox)
  --secret-key <key>  secret access key (sandbox-not-a-secret)
  --region <name>     region that signatures must name (us-east-1)
  --bucket <name>     bucket to make at the start; may be repeated (directo)
  --folder <path>     keep everything there; in memory without it
  --help              this text`

const options = {
  port: { type: 'string', default: '9000' },
  host: { type: 'string', default: '127.0.0.1' },
  'access-key': { type: 'string' },
  'secret-key': { type: 'string' },
  region: { type: 'string', default: 'us-east-1' },
  bucket: { type: 'string', multiple: true, default: ['directo'] },
  folder: { type: 'string' },
  help: { type: 'boolean', short: 'h' }
} satisfies ParseArgsConfig['options']

/** Runs until it is told to stop. Prints exports for a shell; on a mistake a line, and exit code 1. */
export async function sandboxCommand(argv: string[]): Promise<void> {
  try {
    const { values } = parseArgs({ args: argv, options })
    if (values.help) return console.log(HELP)
    const sandbox = await startSandbox({
      port: readPort(values.port),
      host: values.host,
      region: values.region,
      buckets: values.bucket,
      accessKeyId: values['access-key'],
      secretAccessKey: values['secret-key'],
      folder: values.folder
    })
    closeOnSignals(sandbox) // before it is told to the world that it is there
    console.log(exportsOf(sandbox, values.bucket))
  } catch (error) {
    console.error(`directo sandbox: ${explain(error as NodeJS.ErrnoException)}`)
    process.exitCode = 1
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65535) return port
  throw new Error(`--port must be a number from 0 to 65535, not ${text}`)
}

function exportsOf({ endpoint, region, credentials }: Sandbox, buckets: string[]): string {
  const variables = {
    S3_ENDPOINT: endpoint,
    S3_BUCKET: buckets[0]!,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey
  }
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`)
  return lines.join('\n')
}

function quote(value: string): string {
  return /^[\w.:/@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
}

function closeOnSignals(sandbox: Sandbox) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => sandbox.close())
  }
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return `${message.replace('listen EADDRINUSE: ', '')}; try --port`
  return `${message} (see --help)`
}
