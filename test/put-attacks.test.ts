// Every attack on a PUT grant is refused and stores nothing: by the sandbox, and by a real store if given.

import t from 'tap'

import { putDifferences } from './support/attacks-differences.ts'
import { carryOutAll } from './support/attacks-harness.ts'
import { putAttacks } from './support/attacks-put.ts'
import { sendPut } from './support/attacks-put-blocks.ts'

await carryOutAll(t, {
  attacks: putAttacks,
  control: sendPut,
  accepted: 200,
  differences: putDifferences
})
