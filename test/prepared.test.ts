// Statements that Postgres has forgotten, or whose plan is void: everybody still gets what is theirs.

import t from 'tap'

import { startApp } from './support/app.ts'
import { png } from './support/pictures.ts'

const USERS = Array.from({ length: 24 }, (_, index) => `user-${index}`) // more than the pool has connections
const POOL = 10

t.test('while prepared statements are made anew, nobody gets the answer of another', async (t) => {
  const { app, user, sql, deps } = await startApp(t, { AVATAR_ACCESS: 'public' })
  const paths = new Map<string, string>()
  for (const name of USERS) {
    const { avatar } = await user(name).upload(png(8))
    paths.set(name, new URL(avatar.url).pathname)
  }
  const read = async (name: string) => {
    const { statusCode, headers } = await app.inject(`/avatars/${name}`)
    if (statusCode !== 302) return `${name}: ${statusCode}`
    return new URL(`${headers.location}`).pathname === paths.get(name) ? 'right' : `${name}: wrong`
  }
  const everybody = async () => [...new Set(await Promise.all([...USERS, ...USERS].map(read)))]
  const onEach = (text: string) =>
    Promise.all(Array.from({ length: POOL }, async () => deps.db.$client.unsafe(text)))

  t.same(await everybody(), ['right'])
  await onEach('select pg_sleep(0.05)')
  await onEach('deallocate all')
  for (let wave = 0; wave < 3; wave++) t.same(await everybody(), ['right'], 'forgotten')
  await sql`alter table objects alter column width type bigint`
  for (let wave = 0; wave < 3; wave++) t.same(await everybody(), ['right'], 'void')
  const created = await Promise.all(USERS.map((name) => user(name).createUpload(png(8))))
  t.equal(new Set(created.map(({ id }) => id)).size, USERS.length)
})
