// The stores that a browser is tried against: the sandbox, and the one that the environment names.

import { given } from '../../support/interop/store.ts'

/** For `startService`; with no store named, the sandbox alone. */
export const stores: { store: 'sandbox' | 'given'; name: string }[] = [
  { store: 'sandbox', name: 'the sandbox' },
  ...(given ? [{ store: 'given' as const, name: given.store }] : [])
]
