// The bench has dependencies of its own, which are installed when it is first run.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))

/** @throws when npm cannot */
export function installOnce() {
  // npm writes this file last
  if (existsSync(`${FOLDER}node_modules/.package-lock.json`)) return
  console.error('installing what the bench alone needs: npm ci --prefix bench')
  const { status } = spawnSync('npm', ['ci', '--prefix', FOLDER], {
    stdio: ['ignore', process.stderr, 'inherit'] // what it says must not mix with --json
  })
  if (status !== 0) throw new Error('npm ci --prefix bench failed')
}
