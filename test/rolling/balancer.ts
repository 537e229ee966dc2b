// A real HAProxy with deploy/haproxy.cfg, told where our instances are and never to try again.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Ends } from '../support/process.ts'

/** Its first line, such as `HAProxy version 2.6.12`; null when it is not on this machine. */
export function versionOf() {
  const { stdout } = spawnSync('haproxy', ['-v'], { encoding: 'utf8' })
  return /HAProxy version \S+/.exec(stdout ?? '')?.[0] ?? null
}

/** Starts it before instances at these ports; every answer says in `x-instance` who gave it. */
export async function startBalancer(t: Ends, ports: Record<string, number>) {
  const folder = mkdtempSync(join(tmpdir(), 'directo-rolling-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const port = await freePort()
  const path = join(folder, 'haproxy.cfg')
  writeFileSync(path, configuration(port, ports))
  const child = spawn('sh', ['-c', KEEPER, path], { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.stdin.end()
    await exited
  })
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (child.exitCode !== null) throw new Error(`HAProxy ended:\n${said}`)
    const answer = await fetch(`${url}/health/ready`).catch(() => null)
    if (answer?.status === 200) return { url, said: () => said }
  }
}

// Our end of the shell's standard input closes when this process ends, even by kill -9. The shell ends with HAProxy.
const KEEPER = `
exec 3<&0
haproxy -db -f "$0" 3<&- & balancer=$!
(read -r _ <&3; kill $balancer) 2>/dev/null & watch=$!
wait $balancer; kill $watch 2>/dev/null`

// As it is shipped, but nothing may hide a failure, and nobody waits long for a check.
function configuration(port: number, ports: Record<string, number>) {
  return [
    [/^ {2}bind .*$/gm, `  bind 127.0.0.1:${port}\n  http-response set-header x-instance %s`],
    [
      /^( {2}server (\w+)) \S+$/gm,
      (_: string, server: string, name: string) => `${server} 127.0.0.1:${ports[name]}`
    ],
    [/^ {2}retries .*$/gm, '  retries 0'],
    [/^ {2}(option redispatch|retry-on) .*$/gm, ''],
    [/\binter 1s\b/g, 'inter 250ms']
  ].reduce((text, [pattern, by]) => replaced(text, pattern as RegExp, by as string), SHIPPED)
}

const SHIPPED = readFileSync('deploy/haproxy.cfg', 'utf8')

function replaced(text: string, pattern: RegExp, by: string) {
  if (text.search(pattern) < 0) throw new Error(`deploy/haproxy.cfg has no ${pattern}`)
  return text.replace(pattern, by)
}

/** A port that is free, and that no outgoing connection takes meanwhile. */
export async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const server = createServer().listen(port, '127.0.0.1')
  const isFree = await once(server, 'listening').then(
    () => true,
    () => false
  )
  if (!isFree) return freePort()
  server.close()
  await once(server, 'close')
  return port
}
