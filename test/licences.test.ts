// What production is made of: few modules, their licences listed, none older than its known holes.

import { globSync, readFileSync } from 'node:fs'

import t from 'tap'

import { FILE, licencesPage, optional, production } from './support/licences.ts'

const MOST = 76 // beside what AWS's own need; fifteen of them come with @fastify/jwt
const allowed = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-3-Clause', 'ISC', 'MIT', 'Unlicense']

// THREATS T67: the first versions without the holes that were found in them.
const least: Record<string, string> = {
  fastify: '5.12.0',
  'fast-jwt': '6.2.4',
  '@fastify/busboy': '3.0.0'
}
const never = ['image-size', 'request', 'lodash', 'axios']

t.test('the licences in docs/ are those of the lockfile: otherwise npm run licences', (t) => {
  t.equal(readFileSync(FILE, 'utf8'), licencesPage())
  for (const { name, licence } of [...production(), ...optional()])
    t.ok(allowed.includes(licence), `${name} ${licence}`)
  t.end()
})

t.test('production has few modules, each brought by a dependency of ours', (t) => {
  const modules = production()
  const others = modules.filter(({ of }) => of.some((root) => !/^@(aws-sdk|smithy)\//.test(root)))
  t.ok(others.length <= MOST, `${others.length} modules`)
  for (const { name, of } of modules) t.ok(of.length > 0, name)
  t.end()
})

t.test('the README says of each dependency what it is for', (t) => {
  const readme = readFileSync('README.md', 'utf8').split('Why each production dependency')[1]!
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const names = Object.keys({ ...dependencies, ...optionalDependencies })
  for (const name of names) t.match(readme, `\`${name}\``)
  t.end()
})

t.test('SECURITY.md names tests that there are', (t) => {
  const named = [...readFileSync('SECURITY.md', 'utf8').matchAll(/`(test\/[^`]+)`/g)]
  t.ok(named.length > 10)
  for (const [, path] of named) t.not(globSync(path!).length, 0, `${path}`)
  t.end()
})

const numbers = (version: string) => version.split(/[.-]/).slice(0, 3).map(Number)

t.test('no module is older than its known holes', (t) => {
  for (const { name, version } of production()) {
    t.notOk(never.includes(name), name)
    const [wanted, found] = [least[name] ?? '0.0.0', version].map(numbers) as [number[], number[]]
    const differs = found.findIndex((part, i) => part !== wanted[i])
    t.ok(differs < 0 || found[differs]! > wanted[differs]!, `${name} ${version}`)
  }
  t.end()
})
