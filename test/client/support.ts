// The service as a client meets it: listening, with a token for ada, and lines that break.

import type { Test } from 'tap'

import type { ClientOptions, Step } from '../../src/client/index.ts'
import { startApp } from '../support/app.ts'
import { png } from '../support/pictures.ts'
import { startProxy } from '../support/proxy.ts'

/** `steps` fills with the requests in their order; `line` is the TCP connection to the service. */
export async function startClient(t: Test, environment: Record<string, string> = {}) {
  const service = await startApp(t, environment)
  const listening = await service.app.listen({ port: 0, host: '127.0.0.1' })
  const line = await startProxy(t, listening)
  const baseUrl = line.url.replace(/\/$/, '')
  const steps: Step[] = []
  const onStep = (step: Step) => {
    if (!steps.includes(step)) steps.push(step)
  }
  const options = { baseUrl, token: service.ada.token, prepare: false as const, onStep }
  const said = () => steps.map(({ name, answer }) => `${name} ${answer?.status ?? 'lost'}`)
  return { ...service, line, baseUrl, options, steps, said }
}

export const fileOf = (bytes: Uint8Array, type = 'image/png') =>
  new Blob([new Uint8Array(bytes)], { type })

export const file = fileOf(png(64))

/** A `fetch` that runs the hook before the first request that matches. */
export function before(pattern: RegExp, hook: () => unknown): NonNullable<ClientOptions['fetch']> {
  let isDone = false
  return async (url, init) => {
    if (!isDone && pattern.test(`${init?.method} ${url}`)) {
      isDone = true
      await hook()
    }
    return fetch(url, init)
  }
}

/** Waits until something holds; the test's own timeout ends it. */
export async function until(holds: () => Promise<unknown> | unknown) {
  while (!(await holds())) await new Promise((done) => setTimeout(done, 10))
}
