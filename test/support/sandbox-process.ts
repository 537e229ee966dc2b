// A sandbox in a process of its own, as `directo sandbox` runs it, to be killed and measured.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import type { Test } from 'tap'

const MAIN = new URL('../../src/dev/sandbox/main.ts', import.meta.url).href
const RUN = `import { sandboxCommand } from '${MAIN}'; await sandboxCommand(process.argv.slice(1))`

/** A folder that goes with the test. */
export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'directo-sandbox-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs `directo sandbox` to its end. */
export async function runSandbox(...argv: string[]) {
  const child = spawnSandbox(argv)
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)])
  if (child.exitCode === null) await once(child, 'exit')
  return { code: child.exitCode, stdout, stderr }
}

/** Starts `directo sandbox` and waits for what it prints. */
export async function startSandboxProcess(t: Test, ...argv: string[]) {
  const child = spawnSandbox(argv)
  t.teardown(() => stop(child, 'SIGKILL'))
  let printed = ''
  for await (const chunk of child.stdout!) {
    printed += chunk
    if (printed.includes('AWS_SECRET_ACCESS_KEY')) break
  }
  const exported = Object.fromEntries(
    [...printed.matchAll(/^export (\w+)='?(.*?)'?$/gm)].map(([, name, value]) => [name, value])
  )
  return {
    child,
    printed,
    exported: exported as Record<string, string>,
    endpoint: exported.S3_ENDPOINT!,
    region: exported.AWS_REGION!,
    credentials: {
      accessKeyId: exported.AWS_ACCESS_KEY_ID!,
      secretAccessKey: exported.AWS_SECRET_ACCESS_KEY!
    },
    stop: (signal: NodeJS.Signals) => stop(child, signal),
    /** The most memory it ever used, where the system tells. */
    peakMemoryMiB: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
    }
  }
}

function spawnSandbox(argv: string[]): ChildProcess {
  const options = ['--input-type=module', '--eval', RUN, '--', ...argv]
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  return spawn(process.execPath, options, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function stop(child: ChildProcess, signal: NodeJS.Signals) {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
  return child.exitCode
}
