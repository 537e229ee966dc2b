// How long from `npm start` to the first answer that says it is ready, beside what Node itself takes.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { median } from './measure.ts'
import { freePort, untilAnswering, type World } from './world.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Milliseconds, the median of each. */
export async function measureReady(world: World, times: number) {
  const waits = { npmStart: [] as number[], fastify: [] as number[] }
  const node: number[] = []
  for (let i = 0; i < times; i++) {
    waits.npmStart.push(await untilReady(world, 'npm', ['start'], '/health/ready'))
    const bare = ['bench/baselines/fastify.js']
    waits.fastify.push(await untilReady(world, process.execPath, bare, '/'))
    node.push(await untilEnded(['-e', '0']))
  }
  return {
    npmStart: median(waits.npmStart),
    fastify: median(waits.fastify),
    node: median(node)
  }
}

async function untilReady(
  { ends, environment }: World,
  command: string,
  argv: string[],
  path: string
) {
  const port = await freePort()
  const startedAt = performance.now()
  // npm, the shell and Node: a group, so that all of them can be ended
  const child = spawn(command, argv, {
    cwd: ROOT,
    env: { ...environment, PORT: `${port}` },
    stdio: 'ignore',
    detached: true
  })
  const stop = () => end(child)
  ends.teardown(stop)
  await untilAnswering(`http://127.0.0.1:${port}${path}`, 200)
  const ms = performance.now() - startedAt
  await stop()
  return ms
}

async function untilEnded(argv: string[]) {
  const startedAt = performance.now()
  await once(spawn(process.execPath, argv, { stdio: 'ignore' }), 'exit')
  return performance.now() - startedAt
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  process.kill(-child.pid!, 'SIGKILL')
  await exited
}
