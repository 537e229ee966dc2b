// Limits on a real Redis: our script is understood there, counts as it should, and leaves nothing behind.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import t, { type Test } from 'tap'

import { openLimits } from '../../src/limits/limits.ts'

const isHere = spawnSync('redis-server', ['--version']).status === 0
const skip = isHere ? false : 'no redis-server (apt-get install redis-server)'
const PER_MINUTE = 20

t.test('instances count together, through an end of Redis and a new one', { skip }, async (t) => {
  const port = await freePort()
  let redis = await startRedis(t, port)
  const said: string[] = []
  const open = async () => {
    const log = { warn: (_: object, message: string) => said.push(message) }
    const perMinute = { creates: PER_MINUTE, confirms: 0, reads: 3000, addresses: 0 }
    const limits = await openLimits(
      { perMinute, redisUrl: `redis://127.0.0.1:${port}/3`, prefix: 'directo:real' },
      log
    )
    t.teardown(limits.close)
    return limits.take
  }
  const both = [await open(), await open()]
  await shared(both)
  const at = async (key: string, times: number) => {
    const asked = Array.from({ length: times }, (_, n) => both[n % 2]!.creates(key, 1))
    const answers = await Promise.all(asked)
    return { taken: answers.filter((ms) => ms === 0).length, waits: answers.filter(Boolean) }
  }
  const { taken, waits } = await at('ada', 200)
  t.equal(taken, PER_MINUTE)
  for (const ms of waits) t.ok(ms > 0 && ms <= 3000, `${ms}`)
  await sleep(Math.max(...waits))
  t.ok((await at('ada', 10)).taken >= 1, 'what was said is true')
  t.equal(await both[0]!.reads('ada', 3000), 0)
  t.ok((await both[1]!.reads('ada', 10)) > 0)

  const cli = (...argv: string[]) =>
    spawnSync('redis-cli', ['-p', `${port}`, '-n', '3', ...argv])
      .stdout.toString()
      .trim()
  const keys = cli('keys', '*').split('\n')
  t.ok(keys.includes('directo:real:creates:ada'), keys.join())
  for (const key of keys) {
    const ttl = Number(cli('pttl', key))
    t.ok(ttl > 0 && ttl <= 60_000, `${key} goes by itself in ${ttl} ms`)
  }

  await redis.end()
  t.equal(await both[0]!.creates('bob', PER_MINUTE), 0)
  t.ok((await both[0]!.creates('bob', 1)) > 0)
  redis = await startRedis(t, port)
  await shared(both)
  t.equal((await at('cy', 100)).taken, PER_MINUTE)
  t.equal(said.filter((one) => one.startsWith('Redis is away')).length, 2, 'once an instance')
  t.equal(said.filter((one) => one.startsWith('Redis is back')).length, 2)
})

// Of two that count together, one knows what the other has taken.
async function shared([one, two]: Awaited<ReturnType<typeof openLimits>>['take'][]) {
  for (;;) {
    const key = `probe-${Math.random()}`
    await one!.creates(key, PER_MINUTE)
    if ((await two!.creates(key, PER_MINUTE)) > 0) return
    await sleep(20)
  }
}

async function startRedis(t: Test, port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'directo-redis-'))
  const argv = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const child = spawn('redis-server', argv, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const end = async () => {
    child.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  t.teardown(end)
  return { end }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
