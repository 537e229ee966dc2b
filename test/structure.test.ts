// The shape of the source: one direction, small files, and migrations that match the tables.

import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'

import t from 'tap'

const sources = globSync('src/**/*.ts').map((path) => {
  const text = readFileSync(path, 'utf8')
  const imports = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, to]) =>
    relative('src', resolve(dirname(path), to!))
  )
  return { path, text, imports, layer: layerOf(relative('src', path)) }
})

// A file of src/ itself is a layer by its name, a folder is one as a whole.
function layerOf(path: string) {
  return path.split('/')[0]!.replace(/\.ts$/, '')
}

const below: Record<string, string[]> = {
  client: [],
  settings: [],
  stores: [],
  cdn: [],
  'database-url': [],
  proxies: [],
  config: ['cdn', 'database-url', 'identity', 'limits', 'metrics', 'proxies', 'settings', 'stores'],
  images: [],
  keys: [],
  'time-limit': [],
  reasons: [],
  calls: [],
  log: [],
  errors: ['reasons'],
  identity: ['errors', 'settings', 'time-limit'],
  limits: ['errors'],
  db: ['calls', 'config', 'reasons'],
  s3: ['calls', 'config', 'errors', 'keys', 'log', 'stores', 'time-limit'],
  deps: ['config', 'db', 'metrics', 's3'],
  avatars: ['config', 'db', 'deps', 'errors', 's3'],
  janitor: ['calls', 'config', 'db', 'deps', 'errors', 'keys', 'metrics', 's3'],
  metrics: ['calls', 'db', 'errors', 'reasons'],
  users: ['db', 'deps', 'errors', 'janitor'],
  uploads: [
    'avatars',
    'config',
    'db',
    'deps',
    'errors',
    'images',
    'keys',
    'metrics',
    'reasons',
    's3',
    'time-limit'
  ],
  routes: [
    'avatars',
    'uploads',
    'users',
    'janitor',
    'identity',
    'limits',
    'deps',
    'log',
    'errors',
    'metrics',
    'reasons',
    'db',
    's3'
  ],
  app: ['routes', 'deps', 'errors'],
  shutdown: ['config', 'db', 'limits'],
  main: [
    'app',
    'calls',
    'config',
    'db',
    'janitor',
    'metrics',
    's3',
    'shutdown',
    'stores',
    'telemetry'
  ],
  doctor: ['config', 'db', 'identity', 'keys', 'limits', 'log', 's3', 'stores'],
  telemetry: ['calls', 'config', 'log'],
  cli: ['main', 'config', 'db', 'dev', 'doctor', 'identity', 'janitor'],
  dev: ['app', 'client', 'config', 'db', 'doctor', 'janitor', 's3']
}

t.test('imports point one way: process, app, routes, domain, images and s3 and db', (t) => {
  for (const { path, imports, layer } of sources) {
    for (const to of imports) {
      const target = layerOf(to)
      t.ok(target === layer || below[layer]?.includes(target), `${path} imports ${to}`)
    }
  }
  t.end()
})

t.test('the sandbox knows nothing of the service', (t) => {
  for (const { path, imports } of sources.filter(({ path }) => path.includes('/sandbox/'))) {
    for (const to of imports) t.ok(to.startsWith('dev/sandbox/'), `${path} imports ${to}`)
  }
  t.end()
})

t.test('only config, the process and the command line read the environment', (t) => {
  const readers = sources.filter(({ text }) => text.includes('process.env'))
  const allowed = ['src/cli.ts', 'src/dev/postgres.ts', 'src/main.ts']
  t.same(readers.map(({ path }) => path).sort(), allowed)
  t.end()
})

t.test('files are short and open with a sentence that says their job', (t) => {
  for (const { path, text } of sources) {
    const lines = text.split('\n').length - 1
    t.ok(lines <= 200, `${path} has ${lines} lines`)
    t.match(text.replace(/^#!.*\n/, ''), /^\/\/ \S.*\n/, path)
  }
  const lengths = sources.map(({ text }) => text.split('\n').length - 1).sort((a, b) => a - b)
  const median = lengths[Math.floor(lengths.length / 2)]!
  t.ok(median <= 90, `the median file has ${median} lines`)
  t.end()
})

t.test('the image gets all that its Dockerfile copies', (t) => {
  const allowed = readFileSync('.dockerignore', 'utf8').split('\n')
  const copied = readFileSync('Dockerfile', 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)
  const sources = [...copied].flatMap(([, names]) => names!.split(' '))
  t.ok(sources.length > 0)
  for (const source of sources) t.ok(allowed.includes(`!${source}`), source)
  t.end()
})

t.test('the migrations make exactly the tables of the schema', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'directo-migrations-'))
  t.teardown(() => rmSync(copy, { recursive: true }))
  cpSync('migrations', copy, { recursive: true })
  const out = relative(process.cwd(), copy)
  const argv = ['generate', '--dialect', 'postgresql', '--schema', 'src/db/schema.ts', '--out', out]
  execFileSync('drizzle-kit', argv, { stdio: 'pipe' })
  t.same(readdirSync(copy), readdirSync('migrations'), 'drizzle-kit has nothing to add')
  t.end()
})
