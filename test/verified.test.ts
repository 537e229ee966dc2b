// T55: a token that is remembered is still a token: its own, whole, and no longer than it may be.

import t from 'tap'

import { rememberVerified } from '../src/routes/verified.ts'
import { startApp } from './support/app.ts'
import { tokenOf } from './support/process.ts'

const START = 1_800_000_000_000

function clocked() {
  let ms = START
  const verified = rememberVerified<string>(() => ms)
  return { verified, wait: (seconds: number) => (ms += seconds * 1000) }
}
const inSeconds = (seconds: number) => START / 1000 + seconds

t.test('it is remembered for half a minute', async (t) => {
  const { verified, wait } = clocked()
  verified.set('Bearer a', 'ada', inSeconds(3600))
  wait(29.999)
  t.equal(verified.get('Bearer a'), 'ada')
  wait(0.001)
  t.equal(verified.get('Bearer a'), undefined)
})

t.test('and never beyond its own end', async (t) => {
  const { verified, wait } = clocked()
  verified.set('Bearer a', 'ada', inSeconds(2))
  wait(1.999)
  t.equal(verified.get('Bearer a'), 'ada')
  wait(0.001)
  t.equal(verified.get('Bearer a'), undefined)
})

t.test('a clock that is set back makes it forgotten, not remembered for longer', async (t) => {
  const { verified, wait } = clocked()
  verified.set('Bearer a', 'ada', inSeconds(3600))
  wait(-1)
  t.equal(verified.get('Bearer a'), undefined)
})

t.test('only the whole header is it', async (t) => {
  const { verified } = clocked()
  verified.set('Bearer abc', 'ada', inSeconds(60))
  for (const header of ['', 'abc', 'Bearer ab', 'Bearer abcd', 'bearer abc', 'Bearer abc ']) {
    t.equal(verified.get(header), undefined, header)
  }
})

t.test('many others make it forgotten, and a very long one never is remembered', async (t) => {
  const { verified } = clocked()
  const remembered = () => names.filter((name) => verified.get(name)).length
  const names = Array.from({ length: 9_000 }, (_, n) => `Bearer ${n}`)
  for (const name of names) verified.set(name, name, inSeconds(60))
  t.ok(remembered() <= 4_000, 'bounded')
  t.ok(remembered() >= 2_000, 'the youngest are there')
  t.equal(verified.get('Bearer 8999'), 'Bearer 8999')
  const long = `Bearer ${'a'.repeat(4_000)}`
  verified.set(long, 'ada', inSeconds(60))
  t.equal(verified.get(long), undefined)
})

t.test('the service knows callers apart, the second time too', async (t) => {
  const { app } = await startApp(t)
  const read = async (authorization: string) =>
    (await app.inject({ url: '/api/avatars?userId=me', headers: { authorization } })).json()
  const [ada, eve] = ['ada', 'eve'].map((name) => `Bearer ${tokenOf(name)}`)
  for (let round = 0; round < 3; round++) {
    t.match(await read(ada!), { avatars: [{ userId: 'ada' }] })
    t.match(await read(eve!), { avatars: [{ userId: 'eve' }] })
    t.match(await read(`${ada}x`), { code: 'UNAUTHENTICATED' })
    t.match(await read(`${eve!.slice(0, -2)}`), { code: 'UNAUTHENTICATED' })
  }
})

t.test('a second call with the same token is not verified again', async (t) => {
  const { app, ada } = await startApp(t)
  const headers = { authorization: `Bearer ${ada.token}` }
  let looks = 0
  const get = app.verified.get
  app.verified.get = (header) => {
    const user = get(header)
    if (user) looks++
    return user
  }
  for (let call = 0; call < 3; call++) await app.inject({ url: '/api/avatars?userId=me', headers })
  t.equal(looks, 2)
})

t.test('a token that ends between two calls ends for both', async (t) => {
  const { app } = await startApp(t)
  const token = app.jwt.sign({ sub: 'ada' }, { expiresIn: '2s' })
  const read = () =>
    app.inject({ url: '/api/avatars?userId=me', headers: { authorization: `Bearer ${token}` } })
  t.equal((await read()).statusCode, 200)
  t.equal((await read()).statusCode, 200)
  await new Promise((done) => setTimeout(done, 2100))
  t.match((await read()).json(), { code: 'UNAUTHENTICATED', detail: 'The token has expired.' })
})
