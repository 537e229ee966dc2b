// A small server for the pages of a test, on an origin of its own.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Test } from 'tap'

export interface File {
  type: string
  body: string | Uint8Array
  headers?: Record<string, string>
}

export const html = (body: string): File => ({ type: 'text/html; charset=utf-8', body })
export const script = (body: string): File => ({ type: 'text/javascript; charset=utf-8', body })

/**
 * Serves these files, by path (`/`, `/main.js`); more may be added later. Nothing else is found.
 * @returns its origin, such as `http://127.0.0.1:49152`
 */
export async function serveFiles(t: Test, files: Record<string, File>) {
  const server = createServer(({ url = '' }, response) => {
    const file = files[url.replace(/\?.*/, '')]
    if (file) response.writeHead(200, { 'content-type': file.type, ...file.headers }).end(file.body)
    else response.writeHead(url === '/favicon.ico' ? 204 : 404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
