// A page of somebody else's: twenty lines of HTML, the built client, and npm run dev --origin.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import t, { type Test } from 'tap'

import { png } from '../support/pictures.ts'
import { openPage } from './support/browser.ts'
import { type File, html, script, serveFiles } from './support/files.ts'

const pageFor = (api: string) => `<!doctype html>
  <title>Your picture</title>
  <h1>Your picture</h1>
  <label>Choose one <input type="file" accept="image/*"></label>
  <progress value="0"></progress>
  <p role="status"></p>
  <script type="module">
    import { uploadAvatar } from '/client/index.js'
    const at = (selector) => document.querySelector(selector)
    const { token } = await (await fetch('${api}/page/people/ada', { method: 'POST' })).json()
    at('input').onchange = async () => {
      const onProgress = (fraction) => { at('progress').value = fraction }
      try {
        const { url } = await uploadAvatar(at('input').files[0], { baseUrl: '${api}', token, onProgress })
        at('h1').after(Object.assign(new Image(), { src: url, alt: 'You' }))
        at('p').textContent = 'Saved.'
      } catch (err) { at('p').textContent = err.message }
    }
  </script>`

t.test('twenty lines of HTML and the built client work with npm run dev', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'directo-outside-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  execFileSync('tsc', ['-p', 'src/client', '--noEmit', 'false', '--outDir', `${folder}/client`])
  const files: Record<string, File> = {}
  for (const name of readdirSync(`${folder}/client`)) {
    files[`/client/${name}`] = script(readFileSync(`${folder}/client/${name}`, 'utf8'))
  }
  const origin = await serveFiles(t, files)
  const api = await startDev(t, `${folder}/data`, origin)
  files['/'] = html(pageFor(api))

  const { page } = await openPage(t, origin)
  await page.waitForFunction('document.querySelector("input").onchange')
  const picture = { name: 'me.png', mimeType: 'image/png', buffer: png(64) }
  await page.locator('input').setInputFiles(picture)
  await page.getByText('Saved.').waitFor()
  const width = await page.getByAltText('You').evaluate(async (image: HTMLImageElement) => {
    await image.decode()
    return image.naturalWidth
  })
  t.equal(width, 64)
  t.equal(await page.locator('progress').getAttribute('value'), '1')
})

async function startDev(t: Test, data: string, origin: string) {
  const flags = ['--data', data, '--port', '0', '--s3-port', '0', '--origin', origin]
  const child = spawn(process.execPath, ['src/dev/main.ts', ...flags])
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
  })
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    if (output.includes('Ctrl-C')) break
  }
  return /^API=(.*)$/m.exec(output)?.[1] ?? ''
}
