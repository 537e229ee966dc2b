// Named files of every kind are read as complete and clean, or refused with the right code.

import t from 'tap'

import { inspect } from '../src/images/inspect.ts'
import { corpus } from './support/pictures/corpus.ts'
import { objectBytes } from './support/pictures.ts'

t.test('every file of the corpus has a name of its own', async (t) => {
  t.equal(new Set(corpus.map(({ name }) => name)).size, corpus.length)
  t.ok(corpus.length >= 120, `${corpus.length} files`)
})

for (const { name, bytes, format, problems, size } of corpus) {
  t.test(`${name}: ${problems || 'no problem'}`, async (t) => {
    const picture = inspect(objectBytes(bytes))
    const { width, height } = picture
    t.equal(picture.problems.map(({ code }) => code).join(), problems)
    t.equal(picture.format, format)
    t.equal(picture.contentType, format && `image/${format}`)
    if (size) t.equal(`${width}x${height}`, size)
    else if (problems === '') t.ok(width > 0 && height > 0, 'the size is known')
    for (const { detail } of picture.problems) t.match(detail, /^[A-Z][A-Za-z ,]+\.$/)
  })
}
