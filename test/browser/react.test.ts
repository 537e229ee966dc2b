// The React hook in a real browser, under StrictMode.

import { resolve } from 'node:path'

import t, { type Test } from 'tap'

import { png } from '../support/pictures.ts'
import { openPage } from './support/browser.ts'
import { bundle } from './support/bundle.ts'
import { html, script, serveFiles } from './support/files.ts'
import { startService } from './support/service.ts'

interface Hook {
  upload(file: Blob): Promise<{ width: number } | null>
  cancel(): void
  status: string
  progress: number
  error: { code: string } | null
  avatar: { width: number } | null
}

declare global {
  var hook: Hook
  var rendered: Hook[]
  var given: { baseUrl: string; token: string }
  var unmount: () => void
  var rerender: (options: object) => void
  var picture: Blob
}

// The repository's own React, another one that a tool brought, would not know this one's components.
const ALIAS = `--alias:react=${resolve('test/browser/node_modules/react')}`

async function openHook(t: Test, expected: RegExp[] = []) {
  const origin = await serveFiles(t, {
    '/': html(
      '<!doctype html><title>hook</title><div id="root"></div><script type="module" src="/main.js"></script>'
    ),
    '/main.js': script(await bundle('test/browser/support/hook.jsx', ALIAS))
  })
  const service = await startService(t, { origins: [origin] })
  const opened = await openPage(t, origin, { expected })
  await opened.page.waitForFunction(() => globalThis.rerender)
  await opened.page.evaluate(
    ({ bytes, ...given }) => {
      globalThis.picture = new Blob([new Uint8Array(bytes)], { type: 'image/png' })
      globalThis.given = given
      rerender(given)
    },
    { baseUrl: service.baseUrl, token: service.tokenOf('ada'), bytes: [...png(64)] }
  )
  await opened.page.waitForFunction(() => globalThis.hook)
  return { ...service, ...opened }
}

t.test('a picture is uploaded, and each state of it is rendered', async (t) => {
  const { page } = await openHook(t)
  const { answer, states, isStable, last } = await page.evaluate(async () => {
    const { upload, cancel } = hook
    const answer = await upload(picture)
    await new Promise((done) => setTimeout(done))
    const states = [...new Set(rendered.map(({ status }) => status))]
    const isStable = rendered.every((one) => one.upload === upload && one.cancel === cancel)
    const { status, progress, error, avatar } = hook
    return { answer, states, isStable, last: { status, progress, error, avatar } }
  })
  t.match(answer, { width: 64 })
  t.same(states, ['idle', 'uploading', 'done'])
  t.ok(isStable, 'upload and cancel never change')
  t.match(last, { status: 'done', progress: 1, error: null, avatar: { width: 64 } })
})

t.test('a failure is a state, not a rejection, and the next upload clears it', async (t) => {
  const { page } = await openHook(t)
  const [first, failed, second] = await page.evaluate(async () => {
    const tick = () => new Promise((done) => setTimeout(done))
    const first = await hook.upload(new Blob(['no picture']))
    await tick()
    const failed = { status: hook.status, code: hook.error?.code }
    const avatar = await hook.upload(picture)
    await tick()
    return [first, failed, { avatar, error: hook.error, status: hook.status }] as const
  })
  t.equal(first, null)
  t.same(failed, { status: 'failed', code: 'UNREADABLE_PICTURE' })
  t.match(second, { avatar: { width: 64 }, error: null, status: 'done' })
})

t.test('a second upload cancels the first; cancel cancels', async (t) => {
  const { page } = await openHook(t, [/ERR_ABORTED/])
  const answers = await page.evaluate(async () => {
    const both = await Promise.all([hook.upload(picture), hook.upload(picture)])
    const uploading = hook.upload(picture)
    hook.cancel()
    return [...both, await uploading]
  })
  t.match(answers, [null, { width: 64 }, null])
  await page.waitForFunction(() => hook.status === 'cancelled')
  t.equal(await page.evaluate(() => hook.progress), 0)
})

t.test('unmounting cancels', async (t) => {
  const { page, sql } = await openHook(t, [/ERR_ABORTED/])
  const created = page.waitForRequest('**/api/uploads')
  const uploading = page.evaluate(() => hook.upload(picture))
  await created
  await page.evaluate(() => unmount())
  t.equal(await uploading, null)
  t.same(await sql`select id from uploads where confirmed_at is not null`, [])
})

t.test('the options are those of the latest render', async (t) => {
  const { page } = await openHook(t, [/401/])
  const codes = await page.evaluate(async () => {
    const { upload } = hook
    const tick = () => new Promise((done) => setTimeout(done, 20))
    rerender({ ...given, token: 'stale' })
    await tick()
    const refused = await upload(picture)
    await tick()
    const code = hook.error?.code
    rerender(given)
    await tick()
    return [refused, code, await upload(picture)] as const
  })
  t.match(codes, [null, 'UNAUTHENTICATED', { width: 64 }])
})

t.test('cancelled too late, the picture is saved, and the state says so', async (t) => {
  const { page } = await openHook(t, [/409/])
  const answer = await page.evaluate(async () => {
    const late: typeof fetch = async (url, init) => {
      const reply = await fetch(url, init)
      if (`${url}`.endsWith('/confirm')) hook.cancel()
      return reply
    }
    rerender({ ...given, fetch: late })
    await new Promise((done) => setTimeout(done, 50))
    return hook.upload(picture)
  })
  t.match(answer, { width: 64 })
  await page.waitForFunction(() => hook.status === 'done')
})
