// A page of another origin that has loaded the client, and the service it calls.

import type { Test } from 'tap'

import type * as Client from '../../../src/client/index.ts'
import { png } from '../../support/pictures.ts'
import { type OpenOptions, openPage } from './browser.ts'
import { bundle } from './bundle.ts'
import { type File, html, script, serveFiles } from './files.ts'
import { type ServiceOptions, startService } from './service.ts'

declare global {
  /** What a test's own code in the page finds. */
  var client: typeof Client
  var options: Client.UploadOptions
  /** A file of the test's own origin. */
  var fileAt: (path: string, type?: string) => Promise<File & Blob>
}

interface ClientOptions extends OpenOptions, Pick<ServiceOptions, 'environment'> {
  files?: Record<string, File>
  /** Whether the service and the bucket let the page in. */
  isAllowed?: boolean
}

const PAGE = `<!doctype html><html lang="en"><title>the client</title><script type="module" src="/main.js"></script>`
const MAIN = `
  import * as client from '/client.js'
  globalThis.client = client
  globalThis.fileAt = async (path, type) => new Blob([await (await fetch(path)).arrayBuffer()], { type })
`

/** Opens the page; `options` in it are those of ada. */
export async function openClient(
  t: Test,
  { files = {}, environment, isAllowed = true, ...open }: ClientOptions = {}
) {
  const origin = await serveFiles(t, {
    '/': html(PAGE),
    '/main.js': script(MAIN),
    '/client.js': script(await bundle('src/client/index.ts')),
    '/picture.png': { type: 'image/png', body: png(64) },
    ...files
  })
  const service = await startService(t, { origins: isAllowed ? [origin] : [], environment })
  const opened = await openPage(t, origin, open)
  const { page } = opened
  await page.waitForFunction(() => globalThis.fileAt)
  await page.evaluate((options) => void Object.assign(globalThis, { options }), {
    baseUrl: service.baseUrl,
    token: service.tokenOf('ada')
  })
  const network = await page.context().newCDPSession(page)
  /** Lets so many bytes leave in a second. */
  const slowDown = async (uploadThroughput: number) => {
    await network.send('Network.enable')
    const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput }
    await network.send('Network.emulateNetworkConditions', conditions)
  }
  return { ...service, ...opened, origin, slowDown }
}
