// npm run test:openapi: openapi.json is valid OpenAPI 3.1, and a typed client can be made of it.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../openapi/', import.meta.url))
const TYPES = `${FOLDER}generated.d.ts`

install()
try {
  run('@seriousme/openapi-schema-validator/bin/validate-api-cli.js', 'openapi.json')
  run('openapi-typescript/bin/cli.js', 'openapi.json', '--output', TYPES)
  const strict = ['--strict', '--noEmit', '--noUncheckedIndexedAccess', '--skipLibCheck']
  const target = ['--target', 'es2022', '--module', 'nodenext']
  run('typescript/bin/tsc', ...strict, ...target, `${FOLDER}sample.ts`)
  console.log('openapi.json is valid, and a client made of it takes what the API takes')
} finally {
  rmSync(TYPES, { force: true })
}

// npm ci, when the lockfile is another than that of the last time.
function install() {
  const mark = `${FOLDER}node_modules/.installed-by-directo`
  const lockfile = readFileSync(`${FOLDER}package-lock.json`)
  const wanted = createHash('sha256').update(lockfile).digest('hex')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return
  must('npm', 'ci', '--prefix', FOLDER)
  writeFileSync(mark, wanted)
}

function run(script: string, ...argv: string[]) {
  must(process.execPath, `${FOLDER}node_modules/${script}`, ...argv)
}

function must(command: string, ...argv: string[]) {
  const { status } = spawnSync(command, argv, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${argv.join(' ')} failed`)
}
