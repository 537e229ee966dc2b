// The demo page while two things happen at once: what is said, heard and shown stays true.

import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'

import { openDemo } from './support/demo.ts'
import { photo } from './support/photo.ts'

t.test('what became of an upload is said where a screen reader already listens', async (t) => {
  const { page, upload, choose, said } = await openDemo(t)
  const heard = page.locator('#stage').getByRole('status')
  t.equal(await heard.count(), 1, 'before anything is said')
  await upload()
  await choose(/drawn face with a bun/)
  await page.locator('#crop').waitFor()
  t.equal(await heard.count(), 1, 'also while the picture is cropped')

  const name = 'x.png'
  const file = { name, mimeType: 'image/png', buffer: Buffer.from('no picture') }
  await page.locator('#file').setInputFiles(file)
  await said.getByText('This picture cannot be opened.').waitFor()
  t.ok(await page.locator('#crop').isVisible(), 'beside the one that is cropped')
})

t.test('cancelled too late, it says that the picture is saved, and shows it', async (t) => {
  const { page, choose, said, avatarOf } = await openDemo(t, { expected: [/status of 409/] })
  const confirm = await holdCall(page, '**/confirm')
  await choose(/drawn face with a bun/)
  await page.getByRole('button', { name: 'Upload' }).click()
  await confirm.answered
  await page.getByRole('button', { name: 'Cancel' }).click()
  await said.getByText('had been saved already').waitFor()
  await page.locator('#portrait img').waitFor()
  t.ok((await avatarOf('ada')).length > 0)
  confirm.release()
})

t.test('who removed a picture and became somebody else leaves them alone', async (t) => {
  const { page, upload, said } = await openDemo(t)
  await upload()
  const removal = await holdCall(page, '**/api/users/me/avatar')
  await page.getByRole('button', { name: 'Remove' }).click()
  await removal.answered
  await page.getByRole('radio', { name: 'Bob' }).check()
  removal.release()
  await page.locator('.wall img').waitFor({ state: 'detached' })
  t.equal(await said.textContent(), '', 'nothing of his was removed')
  t.ok(await page.getByRole('radio', { name: 'Bob' }).evaluate(hasFocus))
})

t.test('a removal that ends while the next picture is cropped leaves the crop open', async (t) => {
  const { page, upload, choose } = await openDemo(t)
  await upload()
  const removal = await holdCall(page, '**/api/users/me/avatar')
  await page.getByRole('button', { name: 'Remove' }).click()
  await removal.answered
  await choose(/drawn face with a bun/)
  await page.locator('#crop').waitFor()
  removal.release()
  await page.locator('.wall img').waitFor({ state: 'detached' })
  t.ok(await page.locator('#crop').isVisible())
})

t.test('a picture that opens slowly does not take the place of', async (t) => {
  t.test('an upload that has begun', async (t) => {
    const { page, hold, choose, giveSlow } = await openSlowly(t)
    await choose(/drawn face with a bun/)
    await page.locator('#crop').waitFor()
    const letOpen = await giveSlow()
    const release = hold()
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.locator('[data-name=send][data-state=active]').waitFor()
    await letOpen()
    t.ok(await page.getByRole('button', { name: 'Cancel' }).isVisible())
    release()
    await page.locator('.wall img').waitFor() // or it would land in a bucket that is being emptied
  })

  t.test("somebody else's picture", async (t) => {
    const { page, giveSlow } = await openSlowly(t)
    const letOpen = await giveSlow()
    await page.getByRole('radio', { name: 'Bob' }).check()
    await letOpen()
    t.notOk(await page.locator('#crop').isVisible())
  })

  t.test('having gone back', async (t) => {
    const { page, choose, giveSlow } = await openSlowly(t)
    await choose(/drawn face with a bun/)
    await page.locator('#crop').waitFor()
    const letOpen = await giveSlow()
    await page.getByRole('button', { name: 'Back' }).click()
    await letOpen()
    t.notOk(await page.locator('#crop').isVisible())
  })
})

const hasFocus = (element: Element) => element === document.activeElement

// The service has answered, and the page does not know yet.
async function holdCall(page: Page, url: string) {
  const [answered, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await page.route(url, async (route) => {
    const response = await route.fetch()
    answered.resolve()
    await released.promise
    await route.fulfill({ response }).catch(() => {}) // cancelled by the page meanwhile
  })
  return { answered: answered.promise, release: released.resolve }
}

// `giveSlow` chooses a picture that does not open before the function that it answers with is called.
async function openSlowly(t: Test) {
  const demo = await openDemo(t)
  const { page } = demo
  return {
    ...demo,
    async giveSlow() {
      await page.evaluate(holdOpening)
      const file = { name: 'p.jpg', mimeType: 'image/jpeg', buffer: await photo() }
      await page.locator('#file').setInputFiles(file)
      await page.waitForFunction('window.letOpen')
      return () => page.evaluate('window.letOpen()')
    }
  }
}

// Runs in the page. A picture is opened twice: to see whether it can be, and then to be cropped.
function holdOpening() {
  const open = window.createImageBitmap as (of: Blob, how?: object) => Promise<ImageBitmap>
  const replace = (other: typeof open) => Object.assign(window, { createImageBitmap: other })
  replace(async (...first) => {
    replace(open)
    await new Promise<void>((held) => {
      const letOpen = () =>
        new Promise<void>((done) => {
          replace(async (...second) => {
            const picture = await open(...second)
            setTimeout(done) // when the page has made of it what it wants
            return picture
          })
          held()
        })
      Object.assign(window, { letOpen })
    })
    return open(...first)
  })
}
