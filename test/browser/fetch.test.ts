// The fetch example in a browser, served as it stands.

import { readFileSync } from 'node:fs'

import t from 'tap'

import { png } from '../support/pictures.ts'
import { download } from '../support/send.ts'
import { r2 } from '../support/stores.ts'
import { openPage } from './support/browser.ts'
import { html, script, serveFiles } from './support/files.ts'
import { startService } from './support/service.ts'

for (const [method, environment] of Object.entries({ POST: {}, PUT: r2.environment })) {
  t.test(`the fetch example uploads by ${method}, and says why not`, async (t) => {
    const origin = await serveFiles(t, {
      '/': html('<!doctype html><html lang="en"><title>fetch</title>'),
      '/directo.js': script(readFileSync('examples/fetch/directo.js', 'utf8'))
    })
    const service = await startService(t, { origins: [origin], environment })
    const { page } = await openPage(t, origin, { expected: [/Failed to load resource/] })
    const options = { api: service.baseUrl, token: service.ada.token }
    const upload = (bytes: Buffer) => page.evaluate(uploadHere, { bytes: [...bytes], options })

    const picture = png(64)
    const { url } = await upload(picture)
    t.same(await download(url), picture)
    await t.rejects(upload(Buffer.from('hello')), /The object is refused.*UNKNOWN_FORMAT/)
  })
}

interface Given {
  bytes: number[]
  options: { api: string; token: string }
}

// Runs in the page.
async function uploadHere({ bytes, options }: Given): Promise<{ url: string }> {
  const path = '/directo.js'
  const { uploadAvatar } = await import(path)
  return uploadAvatar(new File([new Uint8Array(bytes)], 'ada.png', { type: 'image/png' }), options)
}
