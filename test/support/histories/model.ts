// The reference model: what one user may be answered, and what may then be true.

export type Content = 'red' | 'blue' | 'junk'

/** One thing that is done in the name of a user. `upload` is an id; `issuedAt` is the token's. */
export type Deed =
  | { do: 'create'; id: string; expiresAt: number; issuedAt: number; declared: Content | null }
  | { do: 'send'; upload: string; content: Content; sendBy: number }
  | { do: 'land'; upload: string; content: Content }
  | { do: 'confirm' | 'abort' | 'look'; upload: string; disturbed?: boolean }
  | { do: 'avatar' | 'remove' | 'erase' }

/** Facts that everybody agrees on; times in ms. */
export interface Facts {
  now: number
  openUploads: number
  retentionMs: number
  tombstoneMs: number
  /** When the last erasure that was acknowledged had been asked for. */
  erasedSince?: number
  /** When the last that may have happened was over. */
  erasedUntil?: number
}

/** One way things may be. After an answer that never came, there are several. */
export interface World {
  /** The upload whose object is the avatar. */
  avatar: string | null
  uploads: Record<string, Upload>
}

interface Upload {
  state: 'open' | 'confirmed' | 'rejected' | 'aborted'
  createdAt: number
  expiresAt: number
  /** Whose SHA-256 was declared, if any. */
  declared: Content | null
  staged: Content | null
  /** What was verified. */
  content: Content | null
}

export const nothing: World = { avatar: null, uploads: {} }

const EDGE_MS = 2000 // how close to a limit both sides of it are believed

/** The worlds that are possible after the deed was answered so; without an answer, every one. */
export function after(worlds: World[], deed: Deed, answer: RegExp | null, facts: Facts): World[] {
  const next = worlds.flatMap((world) => {
    const outcomes = allowed(world, deed, facts)
    if (answer === null) return [world, ...outcomes.map(([, then]) => then)]
    return outcomes.filter(([said]) => answer.test(said)).map(([, then]) => then)
  })
  return [...new Map(next.map((world) => [JSON.stringify(world), world])).values()]
}

/** Every answer the deed may get in this world, each with the world it leads to. */
export function allowed(world: World, deed: Deed, facts: Facts): [string, World][] {
  if (!('upload' in deed)) return withoutUpload(world, deed, facts)
  const upload = world.uploads[deed.upload]
  if (!upload) return []
  const put = (changes: Partial<Upload>, more: Partial<World> = {}): World => ({
    ...world,
    ...more,
    uploads: { ...world.uploads, [deed.upload]: { ...upload, ...changes } }
  })
  if (deed.do === 'land') return [['stored', put({ staged: deed.content })]]
  if (deed.do === 'send') {
    const isOther = isUndeclared(upload, deed.content)
    const outcomes: [string, World][] = []
    if (isOther || facts.now > deed.sendBy - EDGE_MS) outcomes.push(['refused', world])
    if (!isOther && facts.now < deed.sendBy + EDGE_MS) {
      outcomes.push(['stored', put({ staged: deed.content })])
    }
    return outcomes
  }

  const outcomes: [string, World][] = []
  if (facts.now - upload.createdAt > facts.retentionMs) outcomes.push(['UPLOAD_NOT_FOUND', world])
  for (const state of statesOf(upload, facts)) {
    if (deed.do === 'look') outcomes.push([state, world])
    if (deed.do === 'abort') {
      if (state === 'confirmed') outcomes.push(['UPLOAD_CONFIRMED', world])
      else outcomes.push(['done', state === 'open' ? put({ state: 'aborted' }) : world])
    }
    if (deed.do !== 'confirm') continue
    if (state === 'confirmed') {
      const shown = world.avatar === deed.upload ? served(world, deed.upload) : 'none'
      outcomes.push([`confirmed ${shown}`, world])
    } else if (state !== 'open') outcomes.push([REFUSALS[state], world])
    else if (upload.staged === null) outcomes.push(['OBJECT_MISSING', world])
    else if (upload.staged === 'junk' || isUndeclared(upload, upload.staged))
      outcomes.push(['OBJECT_REJECTED', put({ state: 'rejected' })])
    else {
      const confirmed = { state: 'confirmed', content: upload.staged } as const
      outcomes.push([`confirmed ${upload.staged}`, put(confirmed, { avatar: deed.upload })])
    }
    if (state === 'open' && deed.disturbed) outcomes.push(['OBJECT_CHANGED', world])
  }
  return outcomes
}

const isUndeclared = ({ declared }: Upload, content: Content) =>
  declared !== null && declared !== content

const REFUSALS = {
  rejected: 'OBJECT_REJECTED',
  aborted: 'UPLOAD_ABORTED',
  expired: 'UPLOAD_EXPIRED'
}

// Time makes an open upload an expired one, whether or not a janitor has come by.
function statesOf({ state, expiresAt }: Upload, { now }: Facts) {
  if (state !== 'open') return [state]
  if (now < expiresAt - EDGE_MS) return ['open'] as const
  return now > expiresAt + EDGE_MS ? (['expired'] as const) : (['open', 'expired'] as const)
}

type Outcomes = [string, World][]

function withoutUpload(
  world: World,
  deed: Exclude<Deed, { upload: string }>,
  facts: Facts
): Outcomes {
  if (deed.do === 'create') return create(world, deed, facts)
  if (deed.do === 'remove') return [['done', { ...world, avatar: null }]]
  if (deed.do === 'avatar') return [[served(world, world.avatar), world]]
  return erased(world, facts).map((then) => ['done', then])
}

function create(world: World, deed: Deed & { do: 'create' }, facts: Facts): [string, World][] {
  const { now, erasedSince, erasedUntil, tombstoneMs } = facts
  const { issuedAt } = deed
  const { id, expiresAt, declared } = deed
  const upload = { state: 'open', staged: null, content: null, createdAt: now } as const
  const uploads = { ...world.uploads, [id]: { ...upload, expiresAt, declared } }
  const open = Object.values(world.uploads).map((upload) => statesOf(upload, facts))
  const surely = open.filter((states) => states.every((state) => state === 'open')).length
  const perhaps = open.filter((states) => states.includes('open' as never)).length
  const outcomes: [string, World][] = []
  // Who waits with an old token until the tombstone is gone may come back.
  const isVoid =
    erasedSince !== undefined && issuedAt < erasedSince && now - erasedSince < tombstoneMs
  if (erasedUntil !== undefined && issuedAt <= erasedUntil) outcomes.push(['USER_ERASED', world])
  if (!isVoid && surely < facts.openUploads) outcomes.push(['created', { ...world, uploads }])
  if (perhaps >= facts.openUploads) outcomes.push(['TOO_MANY_OPEN_UPLOADS', world])
  return outcomes
}

function served({ uploads }: World, upload: string | null) {
  return upload === null ? 'none' : `${uploads[upload]!.content}`
}

function erased({ uploads }: World, facts: Facts): World[] {
  let worlds: World[] = [nothing]
  for (const [id, upload] of Object.entries(uploads)) {
    const ends = statesOf(upload, facts).map((state) =>
      state === 'open' ? 'aborted' : upload.state
    )
    worlds = worlds.flatMap((world) =>
      ends.map((state) => ({ ...world, uploads: { ...world.uploads, [id]: { ...upload, state } } }))
    )
  }
  return worlds
}
