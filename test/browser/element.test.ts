// <avatar-upload> in a real browser: mouse, keyboard, drop, paste, what is seen and what is heard.

import { readFileSync } from 'node:fs'

import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'

import type {} from '../../src/client/element.ts'
import { padded, png } from '../support/pictures.ts'
import { openPage } from './support/browser.ts'
import { bundle } from './support/bundle.ts'
import { html, script, serveFiles } from './support/files.ts'
import { startService } from './support/service.ts'

const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')
const picture = { name: 'ada.png', mimeType: 'image/png', buffer: png(64) }
const large = { ...picture, buffer: padded(png(64), 4_000_000) }

// axe takes a page without a background of its own for a white one.
const PAGE_CSS = ':root { color-scheme: light dark; background: Canvas; color: CanvasText }'

interface Options {
  attributes?: string
  expected?: RegExp[]
  colorScheme?: 'light' | 'dark'
  reducedMotion?: 'reduce'
}

/** A page with the element, under a policy as strict as can be. */
async function openElement(t: Test, { attributes = '', ...open }: Options = {}) {
  const files: Parameters<typeof serveFiles>[1] = {}
  const origin = await serveFiles(t, files)
  const service = await startService(t, { origins: [origin] })
  const s3 = new URL(service.deps.config.s3.publicEndpoint ?? service.sandbox.endpoint).origin
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${s3}`,
    `connect-src 'self' ${s3} ${service.baseUrl}`,
    "require-trusted-types-for 'script'"
  ]
  files['/'] = {
    ...html(`<!doctype html><html lang="en"><title>My picture</title><main><h1>My picture</h1>
      <avatar-upload base-url="${service.baseUrl}" ${attributes}></avatar-upload></main>
      <link rel="stylesheet" href="/page.css"><script type="module" src="/main.js"></script>`),
    headers: { 'content-security-policy': policy.join('; ') }
  }
  files['/page.css'] = { type: 'text/css', body: PAGE_CSS }
  // Given before the element is defined, as pages do that load it late.
  files['/main.js'] = script(`
    const element = document.querySelector('avatar-upload')
    element.token = '${service.tokenOf('ada')}'
    globalThis.told = []
    for (const type of ['avatar-upload', 'avatar-upload-progress', 'avatar-upload-error'])
      document.addEventListener(type, ({ detail }) => told.push([type, detail?.code ?? detail]))
    import('/element.js')`)
  files['/element.js'] = script(await bundle('src/client/element.ts'))
  const opened = await openPage(t, origin, { ...open, expected: [/404/, ...(open.expected ?? [])] })
  const { page } = opened
  const network = await page.context().newCDPSession(page)
  const slowDown = async () => {
    await network.send('Network.enable')
    await network.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 1_000_000 }
    })
  }
  const told = () => page.evaluate(() => (globalThis as unknown as { told: unknown[][] }).told)
  const part = (name: string) => page.locator(`avatar-upload [part=${name}]`)
  const status = (name: string) => page.locator(`avatar-upload[status=${name}]`).waitFor()
  await part('choose').waitFor()
  // Chromium drops keys that are pressed before the first frame.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))))
  return { ...service, ...opened, told, part, status, slowDown }
}

async function choose(page: Page, file: typeof picture, how = () => enter(page)) {
  const choosing = page.waitForEvent('filechooser')
  await how()
  await (await choosing).setFiles(file)
}

const enter = (page: Page) => page.locator('avatar-upload [part=choose]').press('Enter')

async function press(page: Page, key: string) {
  await page.keyboard.press('Tab')
  await page.keyboard.press(key)
}

t.test('by keyboard alone: chosen, uploaded, shown, told', async (t) => {
  const { page, part, status, told, tokenOf, app } = await openElement(t)
  await choose(page, picture, () => press(page, 'Enter'))
  await status('done')
  t.equal(await part('status').textContent(), 'Your picture is saved.')
  t.equal(await part('label').textContent(), 'Change picture')
  const { avatar } = await app
    .inject({
      url: '/api/users/me/avatar',
      headers: { authorization: `Bearer ${tokenOf('ada')}` }
    })
    .then((reply) => ({ avatar: reply.json() }))
  t.equal(await part('picture').getAttribute('src'), avatar.url)
  await part('picture').evaluate((image: HTMLImageElement) => image.decode())
  const types = (await told()).map(([type]) => type)
  t.equal(types.at(-1), 'avatar-upload')
  t.ok(types.includes('avatar-upload-progress'))

  await page.reload()
  await page.locator('avatar-upload[has-picture]').waitFor()
  t.equal(await part('label').textContent(), 'Change picture', 'the picture there is, is shown')
})

t.test(
  'cancelled by keyboard: the focus stays, and the same file can be chosen again',
  async (t) => {
    const { page, part, status, slowDown, sql } = await openElement(t, {
      expected: [/ERR_ABORTED/]
    })
    await slowDown()
    await page.evaluate(() => {
      const options = { prepare: false }
      Object.assign(document.querySelector('avatar-upload')!, { options })
    })
    await choose(page, large)
    await page.waitForFunction(
      () =>
        document.querySelector('avatar-upload')!.shadowRoot!.querySelector('progress')!.value > 0.1
    )
    t.match(await part('status').textContent(), /^Uploading/)
    await press(page, 'Enter')
    await status('cancelled')
    t.equal(await part('status').textContent(), 'The upload was cancelled.')
    t.equal(
      await page.evaluate(() =>
        document.querySelector('avatar-upload')!.shadowRoot!.activeElement?.getAttribute('part')
      ),
      'choose'
    )
    const row = () => sql`select discarded_at from uploads`
    while (!(await row())[0]?.discarded_at) await new Promise((done) => setTimeout(done, 20))
    await choose(page, picture)
    await status('done')
  }
)

t.test('dropped, and pasted', async (t) => {
  const { page, status } = await openElement(t)
  for (const [how, attribute] of [
    ['drop', 'dataTransfer'],
    ['paste', 'clipboardData']
  ] as const) {
    await page.evaluate(
      ({ how, attribute, bytes }) => {
        const element = document.querySelector('avatar-upload')!
        element.removeAttribute('status')
        const transfer = new DataTransfer()
        transfer.items.add(new File([new Uint8Array(bytes)], 'ada.png', { type: 'image/png' }))
        const fire = (type: string) => {
          const init = { [attribute]: transfer, bubbles: true, cancelable: true, composed: true }
          const event = how === 'drop' ? new DragEvent(type, init) : new ClipboardEvent(type, init)
          const target = element.shadowRoot!.querySelector('[part=choose]')!
          if (target.dispatchEvent(event)) throw new Error(`${type} was left to the browser`)
        }
        if (how === 'drop') {
          fire('dragover')
          if (!element.hasAttribute('dragging')) throw new Error('not dragging')
        }
        fire(how)
        if (element.hasAttribute('dragging')) throw new Error('still dragging')
      },
      { how, attribute, bytes: [...picture.buffer] }
    )
    await status('done')
  }
})

t.test('what goes wrong is said in a sentence, and told', async (t) => {
  const { page, part, status, told } = await openElement(t)
  await choose(page, { ...picture, buffer: Buffer.from('no picture') })
  await status('failed')
  t.equal(await part('error').textContent(), 'This picture cannot be opened. Choose another one.')
  t.equal(await part('error').getAttribute('role'), 'alert')
  t.same((await told()).at(-1), ['avatar-upload-error', 'UNREADABLE_PICTURE'])
})

t.test('another one cancels the first, and leaving the page cancels too', async (t) => {
  const { page, status, sql } = await openElement(t, { expected: [/ERR_ABORTED/] })
  const answers = await page.evaluate(
    async (bytes) => {
      const element = document.querySelector('avatar-upload') as HTMLElement & {
        upload(file: Blob): Promise<{ width: number } | null>
      }
      const file = new Blob([new Uint8Array(bytes)], { type: 'image/png' })
      return Promise.all([element.upload(file), element.upload(file)])
    },
    [...picture.buffer]
  )
  t.match(answers, [null, { width: 64 }])
  await status('done')
  const rows = await sql`select confirmed_at from uploads where confirmed_at is not null`
  t.equal(rows.length, 1)
  const answer = await page.evaluate(
    async (bytes) => {
      const element = document.querySelector('avatar-upload') as HTMLElement & {
        upload(file: Blob): Promise<unknown>
      }
      const uploading = element.upload(new Blob([new Uint8Array(bytes)], { type: 'image/png' }))
      element.remove()
      return uploading
    },
    [...picture.buffer]
  )
  t.equal(answer, null)
})

t.test('moved to another place of the page, it cancels, says so, and works on', async (t) => {
  const { page, part, status } = await openElement(t, { expected: [/ERR_ABORTED/] })
  const answer = await page.evaluate(
    async (bytes) => {
      const element = document.querySelector('avatar-upload')!
      const uploading = element.upload(new Blob([new Uint8Array(bytes)], { type: 'image/png' }))
      document.querySelector('main')!.prepend(element)
      return uploading
    },
    [...picture.buffer]
  )
  t.equal(answer, null)
  await status('cancelled')
  t.equal(await part('progress').isVisible(), false)
  await choose(page, picture)
  await status('done')
})

t.test('whoever signs in next sees nothing of who was there before', async (t) => {
  const { page, part, status, tokenOf } = await openElement(t, {
    expected: [/401/, /ERR_ABORTED/]
  })
  const signIn = (token?: string) =>
    page.evaluate((token) => {
      document.querySelector('avatar-upload')!.token = token
    }, token)
  const seen = async () => ({
    picture: await part('picture').isVisible(),
    source: await part('picture').getAttribute('src'),
    said: await part('status').textContent(),
    label: await part('label').textContent()
  })
  const nothing = { picture: false, source: null, said: '', label: 'Choose a picture' }
  for (const token of [undefined, 'refused', tokenOf('bob')]) {
    await signIn(tokenOf('ada'))
    await choose(page, picture)
    await status('done')
    await signIn(token)
    t.match(await seen(), nothing, String(token && 'another token'))
  }

  await signIn(tokenOf('ada'))
  const answer = await page.evaluate(
    async ({ bytes, token }) => {
      const element = document.querySelector('avatar-upload')!
      const uploading = element.upload(new Blob([new Uint8Array(bytes)], { type: 'image/png' }))
      element.token = token
      return uploading
    },
    { bytes: [...picture.buffer], token: tokenOf('bob') }
  )
  t.equal(answer, null, 'what Ada was uploading is cancelled')
  t.match(await seen(), { picture: false, source: null })
})

t.test('an answer that comes late is not shown to whoever is signed in by then', async (t) => {
  const { page, part, tokenOf, ada } = await openElement(t)
  await ada.upload(png(64))
  const held = page.waitForRequest('**/api/users/me/avatar')
  let release = () => {}
  const released = new Promise<void>((done) => {
    release = done
  })
  await page.route('**/api/users/me/avatar', async (route) => {
    await released
    await route.continue()
  })
  const late = page.waitForResponse('**/api/users/me/avatar')
  await page.evaluate((token) => {
    document.querySelector('avatar-upload')!.token = token
  }, tokenOf('ada'))
  await held
  await page.evaluate(() => {
    document.querySelector('avatar-upload')!.token = undefined
  })
  release()
  await (await late).finished()
  await page.evaluate(() => new Promise((done) => setTimeout(done)))
  t.equal(await part('picture').isVisible(), false)
})

t.test('its words can be others, and phones get their camera only when asked', async (t) => {
  const { page, part, status } = await openElement(t, {
    attributes:
      'text-choose="Bild wählen" text-UNREADABLE_PICTURE="Das ist kein Bild." accept="image/png" capture="user"'
  })
  t.equal(await part('label').textContent(), 'Bild wählen')
  t.equal(await part('input').getAttribute('capture'), null)
  await choose(page, picture)
  t.equal(await part('input').getAttribute('capture'), 'user')
  t.equal(await part('input').getAttribute('accept'), 'image/png')
  await status('done')
  await choose(page, { ...picture, buffer: Buffer.from('no picture') })
  await status('failed')
  t.equal(await part('error').textContent(), 'Das ist kein Bild.')
})

t.test('each quarter is read aloud, not each percent', async (t) => {
  const { page, part, status, slowDown, told } = await openElement(t)
  await slowDown()
  await page.evaluate(() => {
    const element = document.querySelector('avatar-upload')!
    element.options = { prepare: false }
    const said: string[] = []
    Object.assign(globalThis, { said })
    const where = element.shadowRoot!.querySelector('[part=status]')!
    new MutationObserver(() => said.push(where.textContent)).observe(where, { childList: true })
  })
  await choose(page, large)
  await part('progress').waitFor()
  t.equal(await part('progress').getAttribute('aria-label'), 'Uploading')
  await status('done')
  const said = await page.evaluate(() => (globalThis as unknown as { said: string[] }).said)
  const quarters = ['Uploading, 25 %', 'Uploading, 50 %', 'Uploading, 75 %']
  t.same(said, ['Uploading…', ...quarters, 'Your picture is saved.'])
  t.ok((await told()).length > said.length, 'more is told to the page')
})

for (const reducedMotion of [undefined, 'reduce'] as const) {
  t.test(`motion: ${reducedMotion ?? 'as usual'}`, async (t) => {
    const { part } = await openElement(t, { reducedMotion })
    const property = await part('frame').evaluate(
      (frame) => getComputedStyle(frame).transitionProperty
    )
    t.equal(property, reducedMotion ? 'none' : 'border-color, background-color')
  })
}

for (const colorScheme of ['light', 'dark'] as const) {
  t.test(`axe finds nothing to mend: ${colorScheme}`, async (t) => {
    const { page, part, status, slowDown } = await openElement(t, {
      colorScheme,
      expected: [/ERR_ABORTED/]
    })
    const audit = async () => {
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() =>
        (
          globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }
        ).axe.run()
      )
      return violations.map(({ id }) => id)
    }
    t.same(await audit(), [])
    await slowDown()
    await page.evaluate(() => {
      document.querySelector('avatar-upload')!.options = { prepare: false }
    })
    await choose(page, large)
    await part('progress').waitFor()
    t.same(await audit(), [], 'while it uploads')
    await part('cancel').click()
    await page.evaluate(() => {
      document.querySelector('avatar-upload')!.options = {}
    })
    await choose(page, { ...picture, buffer: Buffer.from('no picture') })
    await status('failed')
    t.same(await audit(), [])
  })
}

t.test('cancelled too late, the picture is saved, and the element says so', async (t) => {
  const { page, status, part } = await openElement(t, { expected: [/409/] })
  await page.evaluate(() => {
    const element = document.querySelector('avatar-upload')!
    const late: typeof fetch = async (url, init) => {
      const reply = await fetch(url, init)
      if (`${url}`.endsWith('/confirm')) element.cancel()
      return reply
    }
    element.options = { fetch: late }
  })
  await choose(page, picture)
  await status('done')
  await part('picture').waitFor()
})
