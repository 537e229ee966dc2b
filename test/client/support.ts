// The service as a client meets it: listening, with a token for ada.

import type { Test } from 'tap'

import type { ClientOptions } from '../../src/client/index.ts'
import { startApp } from '../support/app.ts'

export async function startClient(t: Test, environment: Record<string, string> = {}) {
  const service = await startApp(t, environment)
  const baseUrl = await service.app.listen({ port: 0, host: '127.0.0.1' })
  const options: ClientOptions = { baseUrl, token: service.ada.token }
  return { ...service, baseUrl, options }
}

export const fileOf = (bytes: Uint8Array, type = 'image/png') =>
  new Blob([new Uint8Array(bytes)], { type })
