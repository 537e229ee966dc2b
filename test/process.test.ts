// The support for tests that kill the service: it starts, answers, dies at once and comes back.

import t from 'tap'

import { environmentOf } from '../src/dev/environment.ts'
import { startSandbox } from '../src/dev/sandbox/server.ts'
import { BUCKET } from './support/app.ts'
import { cloneDatabase } from './support/database.ts'
import { png } from './support/pictures.ts'
import { processEnvironment, startProcess } from './support/process.ts'
import { download } from './support/send.ts'

t.test('F39: a confirmed avatar survives kill -9 of the process that confirmed it', async (t) => {
  const sandbox = await startSandbox({ buckets: [BUCKET] })
  t.teardown(sandbox.close)
  const service = await startProcess(t, {
    ...processEnvironment,
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: await cloneDatabase(t)
  })
  const ada = service.user('ada')
  await ada.upload(png(64))
  const { pid } = service
  await service.kill()
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  await t.rejects(ada.avatar())
  await service.start()
  t.same(await download((await ada.avatar()).url), png(64))
})
