// npm run test:browser: the pages, the client and the examples in a real Chromium.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { chromium, MISSING } from './support/chromium.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const argv = process.argv.slice(2)

if (chromium) {
  install()
  const files = argv.some((one) => one.endsWith('.ts')) ? [] : globSync('test/browser/*.test.ts')
  // Each file has a browser of its own: two at once are enough for a machine.
  process.exitCode = run('test/support/run.ts', '--disable-coverage', '--jobs=2', ...argv, ...files)
} else {
  console.log(MISSING)
}

// npm ci, when the lockfile is another than that of the last time.
function install() {
  const mark = `${FOLDER}node_modules/.installed-by-directo`
  const wanted = createHash('sha256')
    .update(readFileSync(`${FOLDER}package-lock.json`))
    .digest('hex')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return
  console.error('installing what the browser tests alone need: npm ci --prefix test/browser')
  const { status } = spawnSync('npm', ['ci', '--prefix', FOLDER], { stdio: 'inherit' })
  if (status !== 0) throw new Error('npm ci --prefix test/browser failed')
  writeFileSync(mark, wanted)
}

function run(...args: string[]) {
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
}
