// Confirm, the whole suite of it, on a lying store.

import t from 'tap'

import { confirmSuite } from './support/confirm-suite.ts'
import { lying } from './support/stores.ts'

await confirmSuite(t, lying)
