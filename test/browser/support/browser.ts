// A browser for the tests of a file, and pages in it that forgive nothing.

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import t, { type Test } from 'tap'

import { chromium as executablePath, MISSING } from './chromium.ts'

let browser: Promise<Browser> | undefined

// One for all the tests of a file.
function openBrowser() {
  if (!executablePath) throw new Error(MISSING)
  if (!browser) {
    // Chromium's sandbox needs a user that is not root.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    browser = chromium.launch({ executablePath, args })
    t.teardown(async () => (await browser)?.close())
  }
  return browser
}

export interface OpenOptions extends BrowserContextOptions {
  /** What the console may say all the same: an attack that S3 refuses is a failed request. */
  expected?: RegExp[]
}

export type Opened = Awaited<ReturnType<typeof openPage>>

/**
 * A page in a context of its own, with the browser's own English. When the test ends, whatever the
 * console said as an error, any exception, and any violation of the page's policy fail its file;
 * `problems()` reads them earlier.
 */
export async function openPage(
  t: Test,
  url: string,
  { expected = [], ...options }: OpenOptions = {}
) {
  const context = await (await openBrowser()).newContext({ locale: 'en-GB', ...options })
  const page = await context.newPage()
  const heard = listen(page)
  const problems = () => heard.filter((line) => !expected.some((one) => one.test(line)))
  t.teardown(async () => {
    await context.close()
    if (problems().length === 0) return
    // Thrown here, it would keep what the test started from being stopped.
    console.error(`${t.name}: the page had problems:\n${problems().join('\n')}`)
    process.exitCode = 1
  })
  await page.goto(url)
  return { page, context, problems }
}

function listen(page: Page) {
  const heard: string[] = []
  // Violations of a Content-Security-Policy are among the console's errors.
  page.on('console', (message) => {
    if (message.type() === 'error') heard.push(`${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => heard.push(`${error.stack}`))
  return heard
}
