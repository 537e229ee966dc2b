// I12: an instance that has too much to do says so early.

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'

import t from 'tap'

import { buildApp } from '../src/app.ts'
import { startApp } from './support/app.ts'

const METRICS_TOKEN = 'a token of thirty-two bytes or more'

for (const name of ['SHED_HEAP_MB', 'SHED_RSS_MB']) {
  t.test(`over ${name} everything is refused, but for who watches`, async (t) => {
    const { app, ada } = await startApp(t, { [name]: '1', METRICS_TOKEN })
    const headers = { authorization: `Bearer ${ada.token}` }
    while ((await app.inject('/health/ready')).statusCode !== 503) await sleep(50) // looked at every two seconds
    for (const url of ['/api/users/me/avatar', '/avatars/ada', '/health/ready', '/docs', '/x']) {
      const reply = await app.inject({ url, headers })
      t.match(reply, { statusCode: 503, headers: { 'retry-after': '2' } }, url)
      t.match(reply.json(), { code: 'OVERLOADED', status: 503 }, url)
    }
    t.equal((await app.inject('/health/live')).statusCode, 200)
    const scrape = { authorization: `Bearer ${METRICS_TOKEN}` }
    t.equal((await app.inject({ url: '/metrics', headers: scrape })).statusCode, 200)
  })
}

t.test('a slow event loop is noticed, and that it is quick again', async (t) => {
  const { app } = await startApp(t, { SHED_DELAY_MS: '30' })
  const status = async () => (await app.inject('/health/ready')).statusCode
  t.equal(await status(), 200)
  while ((await status()) === 200) {
    const until = performance.now() + 100
    while (performance.now() < until);
    await turn()
  }
  t.equal((await app.inject('/health/live')).statusCode, 200)
  while ((await status()) === 503) await sleep(50)
  t.equal(await status(), 200)
})

t.test('pages of other origins can read why', async (t) => {
  const { app } = await startApp(t, { SHED_RSS_MB: '1', CORS_ORIGINS: 'https://app.example' })
  const headers = { origin: 'https://app.example' }
  const ask = () => app.inject({ url: '/api/users/me/avatar', headers })
  while ((await ask()).statusCode !== 503) await sleep(50)
  t.match((await ask()).headers, {
    'access-control-allow-origin': 'https://app.example',
    'access-control-expose-headers': /retry-after/
  })
})

t.test('to refuse is not to complain: no line has more than the code', async (t) => {
  const { deps } = await startApp(t, { SHED_RSS_MB: '1' })
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const app = await buildApp(deps, { level: 'info', stream })
  t.teardown(() => app.close())
  while ((await app.inject('/docs')).statusCode !== 503) await sleep(50)
  lines.length = 0
  await app.inject('/docs')
  const [why, answered] = lines.map((line) => JSON.parse(line))
  t.match(why, { level: 40, code: 'OVERLOADED', msg: 'The service has too much to do.' })
  t.notOk('err' in why)
  t.match(answered, { level: 30, status: 503, msg: 'answered' })
})
