// The service as it really runs, in a process of its own, to be killed at any moment and started anew.

import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { InjectOptions } from 'fastify'

import { SECRET, userOf } from './app.ts'
import { roomy } from './roomy.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

// Our end of its standard input closes when this process ends, even by kill -9: it ends with us.
const LIFELINE = `data:text/javascript,process.stdin.on('end',()=>process.exit(9)).resume().unref()`

type Environment = Record<string, string>
/** Where what is started is ended: a tap test, or anything that collects functions. */
export interface Ends {
  teardown: (end: () => unknown) => void
}

export type ServiceProcess = Awaited<ReturnType<typeof startProcess>>

/**
 * Runs `directo serve` and waits until it listens; the environment is all that it gets, so it has
 * to name database, bucket and secret (`processEnvironment`). `hear` gets every line it writes.
 */
export async function startProcess(
  t: Ends,
  environment: Environment,
  hear: (line: string) => unknown = () => {}
) {
  let running = await serve(t, environment, hear)
  const service = {
    get pid() {
      return running.child.pid!
    },
    /** Where it listens, another port after every start. */
    get url() {
      return running.url
    },
    get isRunning() {
      return isRunning(running.child)
    },
    /** The last of what it logged, for the report of a failure. */
    get log() {
      return running.lines.join('\n')
    },
    /** kill -9; resolves when it is gone. */
    kill: () => end(running.child, 'SIGKILL'),
    /** As an orchestrator stops it: it may finish what it is doing. Resolves with its exit code. */
    stop: (signal: NodeJS.Signals = 'SIGTERM') => end(running.child, signal),
    /** Sends it a signal and waits for nothing. */
    tell: (signal: NodeJS.Signals) => void running.child.kill(signal),
    /** Its exit code, when it has one; null when it was killed. */
    get ended() {
      return running.ended
    },
    async start() {
      if (!isRunning(running.child)) running = await serve(t, environment, hear)
    },
    async restart() {
      await service.kill()
      await service.start()
    },
    user: (sub: string, claims: object = {}) =>
      userOf(
        (options) => request(running.url, options),
        tokenOf(sub, claims, environment.JWT_SECRET)
      )
  }
  return service
}

/** What every process needs beside DATABASE_URL and the sandbox's settings. */
export const processEnvironment: Environment = {
  ...roomy,
  PATH: process.env.PATH ?? '',
  ...(process.env.NODE_DISABLE_COMPILE_CACHE
    ? { NODE_DISABLE_COMPILE_CACHE: '1' }
    : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '' }),
  JWT_SECRET: SECRET,
  PORT: '0',
  DRAIN_SECONDS: '0',
  JANITOR: 'off'
}

/** What of our own environment a process needs whose lines are to be counted. */
export function coverage() {
  const ours = Object.entries(process.env).filter(([name]) => /^(PATH|NODE_|_?TAP)/.test(name))
  return Object.fromEntries(ours) as Environment
}

/** Runs any other `directo` command; `ended` resolves with its exit code, null when it was killed. */
export function runCommand(t: Ends, argv: string[], environment: Environment) {
  const child = launch(t, argv, environment)
  let output = ''
  child.stdout!.on('data', (chunk) => (output += chunk))
  child.stderr!.on('data', (chunk) => (output += chunk))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }))
  return { pid: child.pid!, ended, kill: () => end(child, 'SIGKILL') }
}

/** A token as the application beside the service would sign it, an hour long. */
export function tokenOf(sub: string, claims: object = {}, secret = SECRET) {
  const iat = Math.floor(Date.now() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = part({ alg: 'HS256', typ: 'JWT' })
  const signed = `${head}.${part({ sub, iat, exp: iat + 3600, ...claims })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const LOGGED_LINES = 50

async function serve(t: Ends, environment: Environment, hear: (line: string) => unknown) {
  const child = launch(t, ['serve'], environment)
  const lines: string[] = []
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>()
  const keep = (line: string) => {
    hear(line)
    lines.push(line)
    if (lines.length > LOGGED_LINES) lines.shift()
    const url = /Server listening at (http:[^"]+)/.exec(line)?.[1]
    if (url) resolve(url)
  }
  createInterface(child.stdout!).on('line', keep)
  createInterface(child.stderr!).on('line', keep)
  child.once('close', () => reject(new Error(`directo serve ended:\n${lines.join('\n')}`)))
  child.once('error', reject)
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { child, lines, ended, url: await listening }
}

function launch(t: Ends, argv: string[], environment: Environment): ChildProcess {
  const options = ['--import', LIFELINE, `${ROOT}src/cli.ts`, ...argv]
  const child = spawn(process.execPath, options, { cwd: ROOT, env: environment, stdio: 'pipe' })
  child.stdin!.on('error', () => {})
  t.teardown(() => end(child, 'SIGKILL'))
  return child
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode === null && signalCode === null

async function end(child: ChildProcess, signal: NodeJS.Signals) {
  if (!isRunning(child)) return child.exitCode
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
  return child.exitCode
}

// A connection for each call: none that a dead process leaves behind is used again.
async function request(base: string, { method, url, headers, payload }: InjectOptions) {
  const answer = await fetch(`${base}${url}`, {
    method,
    headers: {
      ...(headers as Record<string, string>),
      ...(payload ? { 'content-type': 'application/json' } : {}),
      connection: 'close'
    },
    body: payload ? JSON.stringify(payload) : undefined
  })
  return {
    statusCode: answer.status,
    body: await answer.text(),
    headers: Object.fromEntries(answer.headers)
  }
}
