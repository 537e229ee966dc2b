// Recording: an operation runs once undisturbed, and its wires say what passed.

import { type Operation, type OperationName, operations, type Subject } from './operations.ts'
import type { World } from './world.ts'

export async function record(world: World, name: OperationName) {
  const { prepare, run } = operations[name] as Operation
  await world.clear()
  const subject: Subject = { id: 'ada', user: world.healthy.user('ada'), uploads: [] }
  await prepare(world, subject)
  const instance = await world.inProcess()
  await run(instance, subject).catch(() => {})
  await instance.close()
  const of = (wire: string) =>
    instance.board.effects.filter((passed) => passed.wire === wire).map(({ effect }) => effect)
  return { postgres: of('postgres'), s3: of('s3') }
}
