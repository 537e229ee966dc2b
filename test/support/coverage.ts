// Which sources the tests are measured on: all of them.

import { globSync } from 'node:fs'

const sources = globSync('src/**/*.ts')

export default () => sources
