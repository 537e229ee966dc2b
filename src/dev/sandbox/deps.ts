// What every verb of the sandbox receives first.

import type { Lie } from './lies.ts'
import type { Misbehaviour } from './misbehave.ts'
import type { Store } from './store.ts'

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  /** When set, every request must carry it; when not, none may carry one. */
  sessionToken?: string
}

export interface Deps {
  store: Store
  credentials: Credentials
  region: string
  endpoint: string
  maxObjectBytes: number
  lies: ReadonlySet<Lie>
  misbehave: Misbehaviour
  now: () => Date
}
