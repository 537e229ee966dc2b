// Users who look at their avatars at a steady rate, and how long each had to wait.

import { Agent, get } from 'node:http'

import { offer } from './remote.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 64 })
let timer: NodeJS.Timeout | undefined
let waits: number[] = []
let failures = 0

const functions = {
  /** Reads whenever it is time, however slow the answers are: a queue would hide what users feel. */
  start(url: string, tokens: string[], perSecond: number) {
    clearInterval(timer)
    const startedAt = performance.now()
    let sent = 0
    timer = setInterval(() => {
      for (const due = ((performance.now() - startedAt) * perSecond) / 1000; sent < due; sent++) {
        const dueAt = startedAt + (sent * 1000) / perSecond
        read(url, tokens[sent % tokens.length]!, dueAt)
      }
    }, 2)
  },
  stop: () => clearInterval(timer),
  /** Milliseconds from when each read of late was due until its answer was complete. */
  take() {
    const taken = { waits, failures }
    waits = []
    failures = 0
    return taken
  }
}
export type ReaderFunctions = typeof functions

function read(url: string, token: string, dueAt: number) {
  const headers = { authorization: `Bearer ${token}` }
  get(`${url}/api/users/me/avatar`, { agent, headers }, (answer) => {
    if (answer.statusCode !== 200) failures += 1
    answer.resume().once('end', () => waits.push(performance.now() - dueAt))
  }).once('error', () => {
    failures += 1
  })
}

offer(functions)
