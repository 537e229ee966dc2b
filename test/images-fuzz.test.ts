// Whatever the bytes are, reading them ends with a well-formed answer that depends on them alone.

import fc from 'fast-check'
import t from 'tap'

import {
  HEAD_BYTES,
  inspect,
  type ObjectBytes,
  type Picture,
  TAIL_BYTES
} from '../src/images/inspect.ts'
import { corpus } from './support/pictures/corpus.ts'
import { objectBytes } from './support/pictures.ts'
import { FUZZ } from './support/thorough.ts'

const RANDOM_RUNS = 3_500 * FUZZ
const MUTATED_RUNS = 11_500 * FUZZ
const LARGE_RUNS = 700 * FUZZ
const UNFIT_RUNS = 1_750 * FUZZ
const CANARY_BYTES = 32

const MISTAKE = 'The file cannot be read.'
const CODES = [
  'UNKNOWN_FORMAT',
  'TRUNCATED',
  'TRAILING_DATA',
  'MALFORMED',
  'HEADER_TOO_LARGE',
  'LOCATION_METADATA'
]
const small = corpus.map(({ bytes }) => bytes).filter(({ length }) => length < 3_000)
const large = corpus
  .map(({ bytes }) => bytes)
  .filter(({ length }) => length > HEAD_BYTES + TAIL_BYTES)
const signatures = small.map((bytes) => bytes.subarray(0, 16))

const interesting = fc.constantFrom(
  ...[0, 1, 2, 7, 8, 15, 16, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]
)
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  kind: fc.constantFrom('byte', 'u16', 'u32', 'u32le', 'cut', 'drop', 'double'),
  value: fc.oneof(interesting, fc.nat(0xffffffff))
})
const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 })

t.test('random bytes behind a signature', async () => {
  const inputs = fc.tuple(fc.constantFrom(...signatures), fc.uint8Array({ maxLength: 300 }))
  check(
    fc.property(inputs, ([start, rest]) => answers(Buffer.concat([start, rest]))),
    RANDOM_RUNS
  )
})

t.test('files of the corpus with a few bytes changed', async () => {
  const inputs = fc.tuple(fc.constantFrom(...small), mutations)
  check(
    fc.property(inputs, ([bytes, list]) => answers(mutated(bytes, list))),
    MUTATED_RUNS
  )
})

t.test('large files with a few bytes changed in what is seen of them', async () => {
  const inputs = fc.tuple(fc.constantFrom(...large), mutations)
  check(
    fc.property(inputs, ([bytes, list]) => {
      const { head, tail, sizeBytes } = objectBytes(bytes)
      agrees({ head: changed(head, list.slice(1)), tail: changed(tail, list), sizeBytes })
    }),
    LARGE_RUNS
  )
})

t.test('heads, tails and sizes that do not fit each other', async () => {
  const sizes = fc.oneof(fc.nat(400), fc.maxSafeInteger(), fc.double(), interesting)
  const parts = fc.tuple(fc.constantFrom(...small), fc.constantFrom(...small), sizes)
  check(
    fc.property(parts, ([head, tail, sizeBytes]) => agrees({ head, tail, sizeBytes })),
    UNFIT_RUNS
  )
})

t.test('files joined to other files', async () => {
  const pairs = fc.tuple(fc.constantFrom(...small), fc.constantFrom(...small))
  check(
    fc.property(pairs, (pair) => answers(Buffer.concat(pair))),
    UNFIT_RUNS
  )
})

function check(property: fc.IPropertyWithHooks<unknown>, numRuns: number) {
  fc.assert(property as fc.IProperty<unknown>, { numRuns })
}

function answers(bytes: Uint8Array) {
  agrees(objectBytes(bytes))
}

// Read past its own bytes, and the answer would differ with what lies around them.
function agrees({ head, tail, sizeBytes }: ObjectBytes) {
  const [one, other] = [0x00, 0xff].map((canary) =>
    inspect({ head: surrounded(head, canary), tail: surrounded(tail, canary), sizeBytes })
  )
  isWellFormed(one!)
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error('read beyond its bytes')
}

function surrounded(bytes: Uint8Array, canary: number): Buffer {
  const whole = Buffer.alloc(bytes.length + 2 * CANARY_BYTES, canary)
  whole.set(bytes, CANARY_BYTES)
  return whole.subarray(CANARY_BYTES, -CANARY_BYTES)
}

function isWellFormed({ format, contentType, width, height, problems }: Picture) {
  const codes = problems.map(({ code }) => code)
  const isRight =
    contentType === (format && `image/${format}`) &&
    (format !== null || codes.join() === 'UNKNOWN_FORMAT' || codes.join() === 'MALFORMED') &&
    [width, height].every((one) => Number.isSafeInteger(one) && one >= 0) &&
    (codes.some((code) => code !== 'LOCATION_METADATA') || width * height > 0) &&
    new Set(codes).size === codes.length &&
    codes.every((code) => CODES.includes(code)) &&
    problems.every(({ detail }) => detail !== MISTAKE && /^[A-Z][A-Za-z ,]+\.$/.test(detail))
  if (!isRight)
    throw new Error(`not well-formed: ${JSON.stringify({ format, width, height, problems })}`)
}

interface Mutation {
  at: number
  kind: string
  value: number
}

function mutated(bytes: Uint8Array, list: Mutation[]): Buffer {
  return list.reduce<Buffer>((all, { at, kind, value }) => {
    const place = Math.floor(at * all.length)
    if (kind === 'cut') return all.subarray(0, place)
    if (kind === 'drop')
      return Buffer.concat([all.subarray(0, place), all.subarray(place + (value % 16))])
    if (kind === 'double') return Buffer.concat([all.subarray(0, place), all.subarray(place >> 1)])
    return changed(all, [{ at, kind, value }])
  }, Buffer.from(bytes))
}

function changed(bytes: Uint8Array, list: Mutation[]): Buffer {
  const copy = Buffer.from(bytes)
  for (const { at, kind, value } of list) {
    const place = Math.floor(at * copy.length)
    if (kind === 'u32' && place + 4 <= copy.length) copy.writeUInt32BE(value, place)
    else if (kind === 'u32le' && place + 4 <= copy.length) copy.writeUInt32LE(value, place)
    else if (kind === 'u16' && place + 2 <= copy.length) copy.writeUInt16BE(value & 0xffff, place)
    else if (place < copy.length) copy[place] = value & 0xff
  }
  return copy
}
