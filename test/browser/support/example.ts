// An example for browsers on a page of its own: another origin than the service and the store.

import type { Test } from 'tap'

import { openPage } from './browser.ts'
import { bundle } from './bundle.ts'
import { html, script, serveFiles } from './files.ts'
import { startService } from './service.ts'

/**
 * Bundles `examples/<name>/avatar.js` and opens a page that shows its uploader to Ada; what is the avatar
 * in the end goes to `page`'s `window.avatar`.
 * @param body of the page, with what the uploader is put in as `#avatar`
 * @param start the line that starts it: has `show`, `target`, `options` and `keep`, which takes the avatar
 */
export async function openExample(
  t: Test,
  name: string,
  { body, start, styles, environment, store, expected }: ExampleOptions
) {
  const files: Parameters<typeof serveFiles>[1] = {}
  const origin = await serveFiles(t, files)
  const service = await startService(t, { origins: [origin], environment, store })
  const links = styles.map((_, at) => `<link rel="stylesheet" href="/${at}.css">`).join('')
  const options = { api: service.baseUrl, token: service.tokenOf('ada') }
  for (const [at, style] of styles.entries()) {
    files[`/${at}.css`] = {
      type: 'text/css',
      body: await bundle(`test/browser/node_modules/${style}`)
    }
  }
  files['/'] = html(
    `<!doctype html><html lang="en"><title>${name}</title>${links}<main>${body}</main><script type="module" src="/main.js"></script>`
  )
  files['/avatar.js'] = script(await bundle(`examples/${name}/avatar.js`, '--loader:.css=empty'))
  files['/main.js'] = script(`
    import { showAvatarUploader as show } from '/avatar.js'
    const { api, token } = ${JSON.stringify(options)}
    const options = { api, getToken: async () => token }
    const target = document.querySelector('#avatar')
    const keep = (avatar) => { window.avatar = avatar }
    ${start}
  `)
  const opened = await openPage(t, origin, { expected })
  const avatar = () => opened.page.evaluate(() => (window as unknown as Kept).avatar)
  return { ...opened, service, avatar }
}

interface Kept {
  avatar?: { url: string }
}

export interface ExampleOptions {
  body: string
  start: string
  /** Below node_modules. */
  styles: string[]
  environment?: Record<string, string>
  store?: 'sandbox' | 'given'
  expected?: RegExp[]
}

/** A file as a person chooses it. */
export const file = (name: string, mimeType: string, bytes: Uint8Array | string) => ({
  name,
  mimeType,
  buffer: Buffer.from(bytes as string)
})
