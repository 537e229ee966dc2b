// Confirm, the whole suite of it, on a swapping store.

import t from 'tap'

import { confirmSuite } from './support/confirm-suite.ts'
import { swapping } from './support/stores.ts'

await confirmSuite(t, swapping)
