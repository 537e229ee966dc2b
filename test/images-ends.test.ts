// The two ends of an object have to fit its size and each other.

import t from 'tap'

import { HEAD_BYTES, inspect, type ObjectBytes, TAIL_BYTES } from '../src/images/inspect.ts'
import { objectBytes, padded, png } from './support/pictures.ts'

const codes = (bytes: ObjectBytes) => inspect(bytes).problems.map(({ code }) => code)

t.test('a picture of exactly five mebibytes is read from its two ends', async (t) => {
  const bytes = padded(png(64), 5 * 1024 * 1024)

  t.equal(bytes.length, 5 * 1024 * 1024)
  t.same(codes(objectBytes(bytes)), [])
})

const SIZES = [HEAD_BYTES, TAIL_BYTES, HEAD_BYTES + TAIL_BYTES].flatMap((bytes) =>
  [-1, 0, 1, 8, 28].map((more) => bytes + more)
)
for (const sizeBytes of SIZES) {
  t.test(`a picture of ${sizeBytes} bytes is whole, and one byte short it is not`, async (t) => {
    const bytes = padded(png(64), sizeBytes)

    t.same(codes(objectBytes(bytes)), [])
    t.same(codes(objectBytes(bytes.subarray(0, -1))), ['TRUNCATED'])
  })
}

t.test('ends that are shorter or longer than they should be are refused', async (t) => {
  const { head, tail, sizeBytes } = objectBytes(padded(png(64), 200_000))

  t.same(codes({ head: head.subarray(1), tail, sizeBytes }), ['MALFORMED'])
  t.same(codes({ head, tail: tail.subarray(1), sizeBytes }), ['MALFORMED'])
  for (const wrong of [0, 1, -1, 0.5, 65_535, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.same(codes({ head, tail, sizeBytes: wrong }), ['MALFORMED'], `${wrong} bytes`)
  }
})

t.test('ends that disagree about the bytes they share are refused', async (t) => {
  const { head, tail, sizeBytes } = objectBytes(padded(png(64), 100_000))
  const other = Buffer.from(tail)
  other[0] = other[0]! ^ 1

  t.same(codes({ head, tail: other, sizeBytes }), ['MALFORMED'])
})

t.test('even what is no bytes at all is refused without an error', async (t) => {
  t.same(codes(null as never), ['MALFORMED'])
})
