// The demo page, open in a browser over the real service.

import type { Test } from 'tap'

import { type OpenOptions, openPage } from './browser.ts'
import { type ServiceOptions, startService } from './service.ts'

/** Opens the page; `expected` is what the console may say, such as that S3 refused an attack. */
export async function openDemo(
  t: Test,
  { expected, ...options }: ServiceOptions & Pick<OpenOptions, 'expected'> = {},
  browser: OpenOptions = {}
) {
  const service = await startService(t, { ...options, page: true })
  const { page, context } = await openPage(t, service.baseUrl, { expected, ...browser })
  await page.getByRole('radio').first().waitFor()
  const said = page.locator('#said')
  const demo = {
    ...service,
    page,
    context,
    said,
    /** What is served as somebody's picture. */
    async avatarOf(userId: string) {
      const { url } = await service.user(userId).avatar()
      return Buffer.from(await (await fetch(url)).arrayBuffer())
    },
    /** As far as the cropper. */
    choose: (name: RegExp) => page.getByRole('button', { name }).click(),
    /** The whole way with a drawn picture. */
    async upload() {
      await demo.choose(/drawn face with curls/)
      await page.getByRole('button', { name: 'Upload' }).click()
      await said.getByText('Verified').waitFor()
    },
    /** Tries one of the attacks, and answers with what is said of its end. */
    async attack(name: string, title: string) {
      const button = page.locator(`[data-attack=${name}]`)
      await button.click()
      const verdict = page.locator('article', { has: button }).locator('.verdict')
      await verdict.getByText(title).waitFor()
      return verdict.textContent()
    },
    /** The calls in the panel: `Create 201`. */
    calls: () =>
      page.locator('#calls .call:not([data-state=waiting])').evaluateAll((rows) =>
        rows.map((row) => {
          const text = (of: string) => row.querySelector(of)?.textContent?.trim()
          return `${text('h3')} ${text('.status')}`
        })
      ),
    /** The sandbox keeps the next transfer waiting until the function that is returned is called. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      service.sandbox.misbehave.before({ verb: 'PostObject', times: 1 }, () => promise)
      return resolve
    },
    /** So many bytes a second leave the browser; -1 as many as can. */
    async limit(bytesPerSecond: number) {
      const session = await context.newCDPSession(page)
      await session.send('Network.enable')
      await session.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: bytesPerSecond
      })
    }
  }
  return demo
}
