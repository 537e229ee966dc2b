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
// So does the demo page, of which Node only takes the types away.
const isPage = (path: string) => path.startsWith('src/dev/page/')
const sources = globSync('src/**/*.ts').filter((path) => !left.has(path) && !isPage(path))

export default () => sources
