// The recipes that need no browser, run as they stand: each uploads by POST and by PUT, and says why not.

import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import t, { type Test } from 'tap'

import { startApp } from './support/app.ts'
import { padded, png } from './support/pictures.ts'
import { startProxy } from './support/proxy.ts'
import { download } from './support/send.ts'
import { r2 } from './support/stores.ts'

const picture = padded(png(64), 2_000_000) // curl asks before it sends so much (Expect: 100-continue)

const recipes = {
  curl: ['examples/curl/upload.sh'],
  python3: ['python3', 'examples/python/directo.py'],
  node: [process.execPath, 'examples/fetch/upload.js']
}

for (const [tool, command] of Object.entries(recipes)) {
  const missing = spawnSync(tool, ['--version']).error && `there is no ${tool} here`
  const recipe = (name: string, body: (t: Test) => Promise<unknown>) =>
    t.test(`${tool}: ${name}`, { skip: missing ?? false }, body)

  for (const method of ['POST', 'PUT']) {
    recipe(`a ${method} brings the picture there, byte for byte`, async (t) => {
      const { ada, run, sandbox } = await start(t, command, method)
      const { stdout } = await run(picture)
      t.match(stdout, (await ada.avatar()).url)
      t.same(await download((await ada.avatar()).url), picture)
      t.ok(
        sandbox.requests.some(({ verb }) => verb === `${method === 'PUT' ? 'Put' : 'Post'}Object`)
      )
    })

    recipe(`what S3 refuses of a ${method} is no avatar`, async (t) => {
      const { ada, run, sandbox } = await start(t, command, method)
      sandbox.misbehave.fail(method === 'PUT' ? 'PutObject' : 'PostObject', {
        status: 403,
        code: 'AccessDenied'
      })
      await t.rejects(run(picture), { code: 1, stderr: /AccessDenied/ })
      await t.rejects(ada.avatar(), { code: 'AVATAR_NOT_FOUND' })
    })
  }

  recipe('without its arguments it says what they are', async (t) => {
    const [file = '', ...argv] = command
    const env = { PATH: process.env.PATH }
    const { status, stderr } = spawnSync(file, argv, { env, encoding: 'utf8' })
    t.not(status, 0)
    t.match(stderr, /^usage: API=.* TOKEN=.* picture\.png\n$/)
  })

  recipe('a picture that is not there is said to be missing', async (t) => {
    const env = { PATH: process.env.PATH, API: 'http://127.0.0.1:1', TOKEN: 'x' }
    const [file = '', ...argv] = command
    const { status, stderr } = spawnSync(file, [...argv, 'nope.png'], { env, encoding: 'utf8' })
    t.not(status, 0)
    t.match(stderr, /^\S+: .*nope\.png.*\n$/)
  })

  recipe('what is no picture is refused with the reason', async (t) => {
    const { run } = await start(t, command)
    const stderr = /(?=.*The object is refused)(?=.*OBJECT_REJECTED).*UNKNOWN_FORMAT/
    await t.rejects(run(Buffer.from('hello')), { code: 1, stderr })
  })

  recipe('without a valid token nothing is uploaded', async (t) => {
    const { run } = await start(t, command)
    await t.rejects(run(picture, { TOKEN: 'x' }), { code: 1, stderr: /UNAUTHENTICATED/ })
  })

  recipe('a 503 is asked again', async (t) => {
    const { ada, run, sandbox } = await start(t, command)
    sandbox.misbehave.fail({ verb: 'PostObject', times: 1 }, { status: 503, code: 'SlowDown' })
    await run(picture)
    t.same(await download((await ada.avatar()).url), picture)
  })

  if (tool === 'curl') continue // it takes an answer that is lost for a failure: run it again
  recipe('an answer to confirm that is lost is asked for again', async (t) => {
    const { ada, run, proxy } = await start(t, command)
    proxy.loseAnswerTo('/confirm')
    const { stdout } = await run(picture)
    t.match(stdout, (await ada.avatar()).url)
  })
}

async function start(t: Test, [file = '', ...argv]: string[], method = 'POST') {
  const service = await startApp(t, method === 'PUT' ? r2.environment : {})
  const API = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const folder = mkdtempSync(join(tmpdir(), 'directo-examples-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const proxy = await startProxy(t, API)
  const run = (bytes: Buffer, environment: Record<string, string> = {}) => {
    const path = join(folder, 'my picture, new.png')
    writeFileSync(path, bytes)
    const env = {
      PATH: process.env.PATH,
      API: proxy.url.replace(/\/$/, ''),
      TOKEN: service.ada.token,
      ...environment
    }
    return new Promise<{ stdout: string; stderr: string }>((done, fail) => {
      execFile(file, [...argv, path], { env }, (err, stdout, stderr) =>
        err ? fail(Object.assign(err, { stdout, stderr })) : done({ stdout, stderr })
      )
    })
  }
  return { ...service, run, proxy }
}
