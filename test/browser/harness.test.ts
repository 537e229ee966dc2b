// The harness itself: a page of another origin reaches the service and S3, and nothing it says goes unheard.

import t from 'tap'

import { png } from '../support/pictures.ts'
import { openPage } from './support/browser.ts'
import { html, script, serveFiles } from './support/files.ts'
import { startService } from './support/service.ts'
import { stores } from './support/stores.ts'

for (const { store, name } of stores) {
  t.test(`a page of another origin uploads to ${name}`, async (t) => {
    const files = { '/': html('<!doctype html><title>another origin</title>') }
    const origin = await serveFiles(t, files)
    const service = await startService(t, { origins: [origin], store })
    const { page } = await openPage(t, origin)

    const picture = png(64)
    const avatar = await page.evaluate(upload, {
      baseUrl: service.baseUrl,
      token: service.tokenOf('ada'),
      bytes: [...picture]
    })

    t.match(avatar, { contentType: 'image/png', width: 64, height: 64 })
    const reply = await fetch(avatar.url)
    t.ok(Buffer.from(await reply.arrayBuffer()).equals(picture))
  })
}

// Runs in the page.
async function upload({
  baseUrl,
  token,
  bytes
}: {
  baseUrl: string
  token: string
  bytes: number[]
}) {
  const file = new Blob([new Uint8Array(bytes)], { type: 'image/png' })
  const call = async (path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const reply = await fetch(baseUrl + path, {
      method: 'POST',
      headers,
      body: body && JSON.stringify(body)
    })
    return reply.json()
  }
  const declared = { purpose: 'avatar', contentType: file.type, sizeBytes: file.size }
  const { id, request } = await call('/api/uploads', declared)
  const form = new FormData()
  for (const [name, value] of Object.entries(request.fields)) form.append(name, `${value}`)
  form.append('file', file)
  await fetch(request.url, { method: 'POST', body: form })
  return (await call(`/api/uploads/${id}/confirm`)).avatar
}

t.test('errors, exceptions and violations of a policy are heard', async (t) => {
  const policy = "default-src 'none'; script-src 'self'"
  const origin = await serveFiles(t, {
    '/': {
      ...html(
        '<!doctype html><title>bad</title><img src="/x.png"><script src="/main.js"></script>'
      ),
      headers: { 'content-security-policy': policy }
    },
    '/main.js': script('console.error("said"); setTimeout(() => { throw new Error("thrown") })')
  })
  const { page, problems } = await openPage(t, origin, {
    expected: [/said|thrown|Security Policy/]
  })
  const heard: string[] = []
  page.on('console', (message) => heard.push(message.text()))
  const thrown = page.waitForEvent('pageerror')
  await page.reload()
  heard.push((await thrown).message)
  for (const what of ['said', 'Security Policy', 'thrown']) t.match(heard.join('\n'), what)
  t.same(problems(), [])
})
