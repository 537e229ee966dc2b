// Functions of another process, called over Node's own channel between parent and child.

import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import type { Ends } from '../test/support/process.ts'

type Functions = Record<string, (...args: never[]) => unknown>
type Remote<F extends Functions> = {
  [Name in keyof F]: (...args: Parameters<F[Name]>) => Promise<Awaited<ReturnType<F[Name]>>>
}

/** Starts a file, named from this folder, that calls `offer` or has `probe.ts` do it. */
export function start<F extends Functions>(
  ends: Ends,
  file: string,
  argv: string[] = [],
  options: ForkOptions = {}
) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), argv, options)
  async function stop() {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill()
    await exited
  }
  ends.teardown(stop)
  return { pid: child.pid!, call: caller<F>(child), stop }
}

function caller<F extends Functions>(child: ChildProcess) {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (e: Error) => void }>()
  let calls = 0
  child.on('message', ({ id, value, error }: { id: number; value: never; error?: string }) => {
    const call = waiting.get(id)!
    waiting.delete(id)
    if (error === undefined) call.resolve(value)
    else call.reject(new Error(error))
  })
  child.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the process has ended'))
  })
  return new Proxy({} as Remote<F>, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          waiting.set(++calls, { resolve, reject })
          child.send({ id: calls, name, args })
        })
  })
}

/** Lets the parent call these; without a parent the process ends. */
export function offer(functions: Functions) {
  process.on('disconnect', () => process.exit())
  process.on('message', async ({ id, name, args }: { id: number; name: string; args: never[] }) => {
    try {
      process.send!({ id, value: await functions[name]!(...args) })
    } catch (err) {
      process.send!({ id, error: String(err) })
    }
  })
}
