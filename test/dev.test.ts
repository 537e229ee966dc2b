// npm run dev: one screen whose session works, data that outlives kill -9, and a clean end.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import t, { type Test } from 'tap'

import { startPostgres } from '../src/dev/postgres.ts'

const run = promisify(execFile)

function folder(t: Test) {
  const path = mkdtempSync(join(tmpdir(), 'directo-dev-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function dev(t: Test, data: string, ports = ['--port', '0', '--s3-port', '0']) {
  const child = spawn(process.execPath, ['src/dev/main.ts', '--data', data, ...ports])
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
  })
  let output = ''
  const collect = (chunk: Buffer) => (output += chunk)
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const ready = new Promise<void>((done) => {
    child.stdout.on('data', () => output.includes('Ctrl-C') && done())
  })
  await Promise.race([ready, exited])
  const token = /^TOKEN=(.*)$/m.exec(output)?.[1]
  const api = /^API=(.*)$/m.exec(output)?.[1]
  const session = /^API=.*byte for byte\."$/ms.exec(output)?.[0] ?? ''
  const avatar = async () => {
    const headers = { authorization: `Bearer ${token}` }
    const reply = await fetch(`${api}/api/users/ada/avatar`, { headers })
    const { url } = (await reply.json()) as { url: string }
    return Buffer.from(await (await fetch(url)).arrayBuffer())
  }
  return { child, exited, output: () => output, session, avatar }
}

t.test('what it prints can be pasted; the avatar outlives kill -9; Ctrl-C ends all', async (t) => {
  const data = folder(t)
  const first = await dev(t, data)
  const { stdout } = await run('sh', ['-c', first.session])
  t.match(stdout, /"state":"confirmed"/)
  t.match(stdout, 'The picture came back byte for byte.')
  const readme = readFileSync('README.md', 'utf8')
  const shown = first.session.replace(/^API=.*$/m, 'API=http://127.0.0.1:3000')
  t.ok(readme.includes(shown.replace(/^TOKEN=.*$/m, 'TOKEN=…')), 'the README shows the same')

  first.child.kill('SIGKILL')
  await first.exited

  const second = await dev(t, data)
  t.same(await second.avatar(), readFileSync('examples/ada.png'))

  const pidFile = `${data}/postgres/data/postmaster.pid`
  t.ok(existsSync(pidFile))
  second.child.kill('SIGINT')
  t.same(await second.exited, [0, null], 'Ctrl-C stops everything')
  t.notOk(existsSync(pidFile), 'Postgres too')
})

t.test('a taken port gets a sentence, not a stack, and leaves nothing running', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  t.teardown(() => blocker.close())
  const { port } = blocker.address() as { port: number }
  const choices = [
    ['--port', `${port}`, '--s3-port', '0'],
    ['--port', '0', '--s3-port', `${port}`]
  ]
  const data = folder(t)
  for (const ports of choices) {
    const { exited, output } = await dev(t, data, ports)
    t.same(await exited, [1, null])
    t.match(output(), `Port ${port} is taken`)
    t.notMatch(output(), /\n\s+at /)
    t.notOk(existsSync(`${data}/postgres/data/postmaster.pid`))
  }
})

t.test('a wrong flag gets a sentence too', async (t) => {
  const { exited, output } = await dev(t, folder(t), ['--prot', '1'])
  t.same(await exited, [1, null])
  t.match(output(), '--prot')
  t.notMatch(output(), /\n\s+at /)
})

t.test('a Postgres that does not start says why', async (t) => {
  await t.rejects(startPostgres(folder(t), ['no_such_setting=1']), /no_such_setting/)
})
