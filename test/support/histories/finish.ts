// How every history ends: clients try again, time passes, the janitor works, and the scanner looks.

import { BUCKET } from '../app.ts'
import { scan } from '../scanner.ts'
import { type Scene, take } from './play.ts'
import { stepOf } from './steps.ts'
import { contents } from './system.ts'

const AGES = 100 * 86_400 // longer than every bound
const GRACE = 8 * 86_400 // longer than that for strays

export async function finish(scene: Scene) {
  const { system, everybody } = scene
  await tryAgain(scene)
  await look(scene, false)
  const abandoned = await system.sql`select key from objects where verified_at is null`

  await take(scene, { advance: AGES })
  await take(scene, stepOf({ do: 'sweep' }))
  // What was on its way all the time lands when its row is long over.
  for (const { id } of everybody) await take(scene, stepOf({ do: 'land', user: id }))
  for (const { key } of abandoned) await system.sandbox.door.put(BUCKET, key, contents.blue)
  await take(scene, { advance: GRACE })
  if (!scene.isWalkWhole) await take(scene, stepOf({ do: 'reconcile' })) // goes on where it stopped
  await take(scene, stepOf({ do: 'reconcile' }))
  await take(scene, stepOf({ do: 'sweep' }))
  await look(scene, true)
  for (const { id } of everybody) await take(scene, stepOf({ do: 'avatar', user: id }))
}

// Whoever got no answer asks again until there is one.
async function tryAgain(scene: Scene) {
  for (const { id, uploads } of scene.everybody) {
    for (const upload of uploads.keys()) {
      await take(scene, stepOf({ do: 'confirm', user: id, upload }))
    }
    await take(scene, stepOf({ do: 'avatar', user: id }))
  }
}

async function look({ system, everybody }: Scene, swept: boolean) {
  const { sql, sandbox } = system
  const sent = (userId: string, uploadId: string, bytes: Buffer) => {
    const { uploads } = everybody.find(({ id }) => id === userId)!
    const known = uploads.find(({ upload }) => upload.id === uploadId)
    return [...(known?.sent ?? [])].some((content) => contents[content].equals(bytes))
  }
  const violations = await scan(sql, sandbox.door, BUCKET, { swept, sent })
  if (violations.length > 0)
    throw new Error(
      `the scanner, ${swept ? 'swept' : 'before the sweep'}:\n${violations.join('\n')}`
    )
}
