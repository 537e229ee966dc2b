// directo doctor from the command line: what it prints, its exit status, and what it keeps in .env.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import t, { type Test } from 'tap'

import { readConfig } from '../src/config.ts'
import { environmentOf } from '../src/dev/environment.ts'
import { startSandbox } from '../src/dev/sandbox/server.ts'
import type { Check } from '../src/doctor/check.ts'
import { keep } from '../src/doctor/command.ts'
import { examine } from '../src/doctor/doctor.ts'
import { setUpBucket } from '../src/doctor/setup.ts'
import { BUCKET, SECRET } from './support/app.ts'
import { cloneDatabase } from './support/database.ts'
import { isThorough } from './support/thorough.ts'

const EVERYTHING = 'STORE=post+put+signed-headers+if-none-match+copy-if-match+sha256+cors'

function folder(t: Test) {
  const path = mkdtempSync(join(tmpdir(), 'directo-doctor-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

async function start(t: Test, sessionToken?: string) {
  const sandbox = await startSandbox({ buckets: [BUCKET], sessionToken })
  t.teardown(sandbox.close)
  const { STORE: _, ...server } = environmentOf(sandbox, BUCKET) // .env is to say it
  const env: Record<string, string> = {
    ...server,
    DATABASE_URL: await cloneDatabase(t),
    JWT_SECRET: SECRET
  }
  const cwd = folder(t)
  const doctor = async (argv: string[], more: Record<string, string> = {}) => {
    const ours = Object.entries(process.env).filter(([name]) => /^(PATH|NODE_|_?TAP)/.test(name))
    const environment = { ...Object.fromEntries(ours), ...env, ...more }
    const cli = resolve('src/cli.ts')
    const child = spawn(process.execPath, [cli, 'doctor', ...argv], { cwd, env: environment })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk
      })
    }
    const [code] = await once(child, 'close')
    return { code, output }
  }
  return { sandbox, env, doctor, file: join(cwd, '.env') }
}

t.test('a line a check, an exit status, and what the bucket can do', async (t) => {
  const { sandbox, env, doctor, file } = await start(t)
  await setUpBucket(readConfig(env), () => {})
  const well = await doctor([])
  t.match(well, { code: 0, output: `\nAll is well.\n${EVERYTHING}\n` })
  t.match(well.output, /^✔ credentials: present, without an end\n✔ store: http/)
  t.match(well.output, /\n– CORS: CORS_ORIGINS is empty/)
  t.notOk(existsSync(file), 'nothing is written unasked')

  sandbox.misbehave.lie('policy-length')
  const ill = await doctor(['--json', '--keep'])
  const { ok, store, checks } = JSON.parse(ill.output)
  t.same([ill.code, ok, `STORE=${store}`], [1, false, EVERYTHING.replace('post+', '')])
  const failed = checks.filter(({ outcome }: { outcome: string }) => outcome === 'fail')
  t.same(failed[0], {
    name: 'POST a byte too many',
    outcome: 'fail',
    detail: 'accepted (204)',
    advice: `STORE=${store} (directo doctor --keep)`
  })
  t.equal(readFileSync(file, 'utf8'), `STORE=${store}\n`)
  const kept = await doctor([])
  t.match(kept, { code: 0, output: /\n– POST a byte too many: accepted \(204\)\n/ }, 'it is read')

  if (!isThorough) return
  sandbox.misbehave.lieAboutEverything()
  const hopeless = await doctor(['--keep'])
  t.match(hopeless, { code: 1, output: /\nNot ready: see ✘\.\n$/ })
  t.equal(readFileSync(file, 'utf8'), `STORE=${store}\n`, 'nothing is kept')
})

t.test('help, and options that there are not', async (t) => {
  const { doctor } = await start(t)
  t.match(await doctor(['--help']), { code: 0, output: /^directo doctor \[--keep\] \[--json\]\n/ })
  const unknown = await doctor(['--kept'])
  t.match(unknown, { code: 1, output: /--kept/ })
  t.notMatch(unknown.output, /\n\s+at /, 'no stack')
})

t.test('keeping changes one line of .env', async (t) => {
  const path = join(folder(t), '.env')
  const cases = [
    ['A=1\n#STORE=aws # which\nB=2', 'A=1\n#STORE=aws # which\nB=2\nSTORE=put\n'],
    ['A=1\nSTORE=aws # $& it\nB=2\n', 'A=1\nSTORE=put\nB=2\n'],
    ['export STORE = aws\r\nMY_STORE=x\r\n', 'STORE=put\r\nMY_STORE=x\r\n'],
    ['STORE=aws\nSTORE=r2\n', 'STORE=put\nSTORE=put\n'],
    ['', 'STORE=put\n']
  ]
  for (const [before, after] of cases) {
    writeFileSync(path, before!)
    keep(path, 'put')
    t.equal(readFileSync(path, 'utf8'), after)
  }
  t.throws(() => keep(folder(t), 'put'), { code: 'EISDIR' })
})

t.test('credentials that end', async (t) => {
  const { env } = await start(t, 'a token')
  const credentials = async (more: Record<string, string> = {}) => {
    const wanted = ({ name }: Check) => name === 'credentials'
    const { checks } = await examine(readConfig({ ...env, ...more }), { wanted })
    return checks[0]
  }
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = env
  t.match(await credentials({ AWS_SESSION_TOKEN: 'a token' }), {
    outcome: 'warn',
    detail: /do not say when they end/,
    advice: /AWS_SESSION_TOKEN/
  })

  let seconds = 7200
  const role = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        AccessKeyId: AWS_ACCESS_KEY_ID,
        SecretAccessKey: AWS_SECRET_ACCESS_KEY,
        Token: 'a token',
        Expiration: new Date(Date.now() + seconds * 1000).toISOString()
      })
    )
  })
  role.listen(0, '127.0.0.1')
  await once(role, 'listening')
  t.teardown(() => role.close())
  const { port } = role.address() as AddressInfo
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${port}/`
  const byRole = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
  t.match(await credentials(byRole), { outcome: 'pass', detail: /^temporary, 71\d\d s left$/ })
  seconds = 1800
  t.match(await credentials(byRole), { outcome: 'warn', advice: /longer than 3600 s/ })
  delete process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI
  process.env.AWS_EC2_METADATA_DISABLED = 'true'
  const none = await examine(readConfig({ ...env, ...byRole }))
  t.match(none.checks[0], {
    name: 'credentials',
    outcome: 'fail',
    advice: /^set AWS_ACCESS_KEY_ID/
  })
  t.strictSame(
    none.checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name),
    ['credentials']
  )
})
