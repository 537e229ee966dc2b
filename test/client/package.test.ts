// The package that build:client makes: packed, installed elsewhere, imported by its three names, with types.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import t from 'tap'

import '../support/uncounted.ts' // a watched tsc does not start

const CONSUMER = `
import { AvatarUploadError, type Rectangle, uploadAvatar } from 'directo/client'
import type { AvatarUploadElement } from 'directo/element'
import { useAvatarUpload } from 'directo/react'

export const element: AvatarUploadElement = document.createElement('avatar-upload')
export const made = document.createElement('avatar-upload').upload(new Blob())
export const crop: Rectangle = { x: 0, y: 0, width: 1, height: 1 }
export const options = { baseUrl: 'https://directo.example', token: 'a' }
export const failure = new AvatarUploadError('CANCELLED').code
export const asked = () => uploadAvatar(new Blob(), { ...options, prepare: { crop } })
export const Upload = () => useAvatarUpload(options).upload(new Blob(), { prepare: false })

const { signal } = new AbortController()
// @ts-expect-error: the element cancels by itself
element.options = { signal }
// @ts-expect-error: it has an event for that
element.options = { onProgress: () => {} }
// @ts-expect-error: the hook cancels by itself
export const Cancelled = () => useAvatarUpload(options).upload(new Blob(), { signal })
`

t.test('packed and installed elsewhere, it is imported by its names, with types', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'directo-consumer-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const run = (program: string, ...argv: string[]) =>
    execFileSync(program, argv, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
  execFileSync('npm', ['run', 'build:client'], { stdio: 'pipe' })
  cpSync('dist/client', `${folder}/built`, { recursive: true })
  const [packed] = JSON.parse(run('npm', 'pack', './built', '--json')) as Packed[]
  t.same(
    packed?.files.filter(
      ({ path }) => !/^(LICENSE|package\.json|[a-z0-9-]+(\.d\.ts|\.js))$/.test(path)
    ),
    []
  )

  writeFileSync(`${folder}/package.json`, '{ "type": "module" }')
  run('npm', 'install', '--offline', '--no-audit', '--no-fund', `./${packed?.filename}`)
  t.match(run('npm', 'ls', '--all', '--parseable').trim().split('\n'), { length: 2 }, 'it is alone')

  for (const name of ['react', '@types/react', 'csstype']) {
    mkdirSync(`${folder}/node_modules/@types`, { recursive: true })
    cpSync(`node_modules/${name}`, `${folder}/node_modules/${name}`, { recursive: true })
  }
  const script = `for (const name of ['client', 'react', 'element'])
    console.log(...Object.keys(await import('directo/' + name)))`
  const [client, react, element] = run('node', '-e', script).split('\n')
  t.match(client, /uploadAvatar/)
  t.match([react, element], ['useAvatarUpload', 'AvatarUploadElement'])

  writeFileSync(`${folder}/consumer.ts`, CONSUMER)
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['node16', 'node16'],
    ['esnext', 'bundler']
  ]) {
    const compilerOptions = { module, moduleResolution, strict: true, noEmit: true, types: [] }
    const project = { compilerOptions, files: ['consumer.ts'] }
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(project))
    t.doesNotThrow(() => tsc(run), `${moduleResolution}`)
  }
  t.end()
})

interface Packed {
  filename: string
  files: { path: string }[]
}

function tsc(run: (program: string) => string) {
  try {
    run('tsc')
  } catch (err) {
    throw new Error((err as { stdout: string }).stdout)
  }
}

t.test('it has the version of the service', (t) => {
  const versionOf = (path: string) => JSON.parse(readFileSync(path, 'utf8')).version
  t.equal(versionOf('src/client/package.json'), versionOf('package.json'))
  t.end()
})
