// Which sources the tests are measured on: all that Node can run.

import { globSync } from 'node:fs'

// These need a canvas, XMLHttpRequest, an offline event, React or custom elements: npm run test:browser runs them.
const inBrowsersOnly = [
  'draw',
  'element',
  'element-input',
  'element-view',
  'online',
  'react',
  'xhr'
]
const left = new Set(inBrowsersOnly.map((name) => `src/client/${name}.ts`))
const sources = globSync('src/**/*.ts').filter((path) => !left.has(path))

export default () => sources
