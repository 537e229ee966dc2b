// Every attack on a POST grant is refused and stores nothing: by the sandbox, and by a real store if given.

import t from 'tap'

import { attacks } from './support/attacks.ts'
import { FILE, signGrant } from './support/attacks-blocks.ts'
import { postDifferences } from './support/attacks-differences.ts'
import { formOf, sendForm } from './support/attacks-form.ts'
import { carryOutAll } from './support/attacks-harness.ts'

await carryOutAll(t, {
  attacks,
  control: async (target, key) => {
    const { url, fields } = await signGrant(target, key)
    return sendForm(formOf(url, fields, FILE))
  },
  accepted: 204,
  differences: postDifferences
})
