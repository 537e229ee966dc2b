// What the configured store can do: by its name, by its address, or as the doctor found it.

/** Each is something that some stores lack; nothing we promise rests on any of them alone. */
export const abilities = {
  post: 'takes POST policies and enforces every condition',
  put: 'enforces the signed length and type of a PUT, and takes no copy instead',
  'signed-headers': 'refuses x-amz-* headers of a PUT that nobody signed',
  'if-none-match': 'refuses to overwrite with If-None-Match: *',
  'copy-if-match': 'copies only what has the ETag that was named',
  sha256: 'compares x-amz-checksum-sha256 with the bytes',
  cors: 'has a call for CORS rules',
  versions: 'keeps what was deleted or overwritten'
} as const
export type Ability = keyof typeof abilities

export interface Store {
  name: string
  can: ReadonlySet<Ability>
}

const MOST = ['post', 'put', 'if-none-match', 'copy-if-match', 'sha256', 'cors'] as const

const UNNAMED = 'a store that nobody named'

// Until it was seen, a store may take an unsigned x-amz-copy-source in place of what was signed.
const SAFE = MOST.filter((ability) => ability !== 'put')

/** Stores by name; docs/stores.md says which were measured. */
export const presets: Record<string, readonly Ability[]> = {
  aws: [...MOST, 'signed-headers'],
  sandbox: [...MOST, 'signed-headers'],
  minio: SAFE.filter((ability) => ability !== 'cors'),
  ceph: ['post', 'if-none-match', 'cors'], // a PUT may name anything to be copied in its place
  r2: MOST.filter((ability) => ability !== 'post'),
  b2: ['put', 'versions'],
  gcs: ['put', 'cors'],
  versitygw: [...MOST, 'signed-headers'],
  seaweedfs: [], // of 2023; `directo doctor` says what a newer one can do
  garage: ['post', 'copy-if-match', 'cors'],
  [UNNAMED]: SAFE
}

/** What STORE may be. */
export const names = Object.keys(presets).filter((name) => name !== UNNAMED)

const ADDRESSES: [RegExp, string][] = [
  [/\.amazonaws\.com(\.cn)?\.?$/, 'aws'],
  [/\.r2\.cloudflarestorage\.com\.?$/, 'r2'],
  [/\.backblazeb2\.com\.?$/, 'b2'],
  [/(^|\.)storage\.googleapis\.com\.?$/, 'gcs']
]

/**
 * The store that a setting means: a name of `presets`, or abilities joined by `+`. Without one, what
 * the endpoint's address tells; AWS without an endpoint. Null when the text means nothing.
 */
export function storeOf(text?: string, endpoint?: string): Store | null {
  if (!text) return preset(endpoint ? byAddress(endpoint) : 'aws')
  if (names.includes(text)) return preset(text)
  const found = text.split('+')
  if (!found.every((word) => Object.hasOwn(abilities, word))) return null
  return { name: 'this store', can: new Set(found as Ability[]) }
}

const preset = (name: string): Store => ({ name, can: new Set(presets[name]) })

function byAddress(endpoint: string) {
  const hostname = URL.canParse(endpoint) ? new URL(endpoint).hostname : ''
  const [, name] = ADDRESSES.find(([pattern]) => pattern.test(hostname)) ?? []
  return name ?? UNNAMED
}

/** Nothing is known of it but what the doctor will find. */
export const isUnnamed = ({ name }: Store) => name === UNNAMED

export type UploadMethod = 'POST' | 'PUT'

/**
 * How grants are given: as told, or by POST where the store has it, since its policy also bounds
 * what nobody thought of.
 * @returns the method, or a sentence saying why it would be unsafe or cannot work
 */
export function methodOf(wanted: 'auto' | 'post' | 'put', { name, can }: Store) {
  const method = wanted === 'put' || (wanted === 'auto' && !can.has('post')) ? 'PUT' : 'POST'
  if (method === 'POST' && !can.has('post')) return { problem: `${name} takes no POST policies` }
  if (method === 'PUT' && !can.has('put')) {
    return { problem: `${name} would take a PUT of any length and type` }
  }
  return { method } satisfies { method: UploadMethod }
}
