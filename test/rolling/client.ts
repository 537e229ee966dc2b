// What clients ask of the balancer, over connections that are kept; nothing is asked twice.

import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

import { tokenOf } from '../support/process.ts'

export interface Asked {
  name: Name
  /** Which instance answered; the balancer itself is ''. */
  instance: string
  /** What is wrong with the answer, empty when nothing is. */
  fault: string
  ms: number
  /** When it came, by `performance.now()`. */
  at: number
  body: string
}

export type Client = ReturnType<typeof openClient>

const expected = { create: 201, confirm: 200, read: 200, batch: 200, redirect: 302 }
export type Name = keyof typeof expected

export function openClient(url: string) {
  const agent = new Agent({ keepAlive: true })
  const tokens = new Map<string, string>()
  const asked: Asked[] = []

  async function ask(name: Name, user: string, method: string, path: string, payload?: object) {
    if (!tokens.has(user)) tokens.set(user, tokenOf(user))
    const headers = {
      authorization: `Bearer ${tokens.get(user)}`,
      ...(payload && { 'content-type': 'application/json' })
    }
    const begunAt = performance.now()
    const { status, instance, body } = await answerOf(
      new URL(path, url),
      { agent, method, headers },
      payload
    )
    const at = performance.now()
    const fault = status === expected[name] ? '' : `${status} ${body}`
    const answer: Asked = { name, instance, fault, ms: at - begunAt, at, body }
    asked.push(answer)
    return answer
  }
  return { ask, asked, close: () => agent.destroy() }
}

type Options = { agent: Agent; method: string; headers: Record<string, string> }

function answerOf(url: URL, options: Options, payload?: object) {
  return new Promise<{ status: number; instance: string; body: string }>((settle) => {
    const fail = (err: Error) => settle({ status: 0, instance: '', body: err.message })
    const asked = request(url, options, (answer) => {
      const instance = String(answer.headers['x-instance'] ?? '')
      const status = answer.statusCode!
      text(answer).then((body) => settle({ status, instance, body }), fail)
    })
    asked.on('error', fail).end(payload && JSON.stringify(payload))
  })
}
