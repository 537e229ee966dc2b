// How the demo page looks and whom it lets in: nothing that axe finds serious, light and dark, desk and phone.

import { mkdirSync, readFileSync } from 'node:fs'

import type { Page } from 'playwright-core'
import t from 'tap'

import { openDemo } from './support/demo.ts'

const ARTIFACTS = 'test/browser/artifacts'
const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')

mkdirSync(ARTIFACTS, { recursive: true })

const sizes = {
  desk: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [size, device] of Object.entries(sizes)) {
    t.test(`${colorScheme}, ${size}: all of it can be used by everybody`, async (t) => {
      const demo = await openDemo(
        t,
        { expected: [/status of 400/] },
        { ...device, colorScheme, reducedMotion: 'reduce' }
      )
      const { page } = demo
      const look = async (what: string) => {
        t.same(await findingsOf(page), [], what)
        const path = `${ARTIFACTS}/${colorScheme}-${size}-${what}.png`
        await page.screenshot({ path, fullPage: true })
        const width = await page.evaluate('document.documentElement.scrollWidth')
        t.ok(Number(width) <= device.viewport.width, 'nothing sticks out')
      }
      await look('first')
      await demo.choose(/drawn face with long hair/)
      await look('crop')
      const release = demo.hold()
      await page.getByRole('button', { name: 'Upload' }).click()
      await page.locator('[data-name=send][data-state=active]').waitFor()
      await look('sending')
      release()
      await demo.said.getByText('Verified').waitFor()
      await page.locator('[data-attack=size]').click()
      await page.getByText('400 EntityTooLarge').waitFor()
      await page.locator('[data-name=send] summary').click()
      await look('attacked')
    })
  }
}

// In a world of its own: the page's policy lets no other script in.
async function findingsOf(page: Page) {
  const session = await page.context().newCDPSession(page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe'
  })
  const { result } = await session.send('Runtime.evaluate', {
    expression: `${AXE}; axe.run().then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
    contextId,
    awaitPromise: true,
    returnByValue: true
  })
  await session.detach()
  return result.value
}
