// npm run licences: what production runs beside our own code, and under which licences, in docs/licences.md.

import { readFileSync, writeFileSync } from 'node:fs'

interface Package {
  version: string
  license?: string
  dev?: boolean
  devOptional?: boolean
  optional?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}
export interface Module {
  name: string
  version: string
  licence: string
  /** The dependencies of ours that bring it. */
  of: string[]
}

export const FILE = 'docs/licences.md'

/** What `npm ci --omit=dev --omit=optional` installs, by the lockfile alone. */
export const production = () => modules(({ devOptional, optional }) => !devOptional && !optional)

/** What it installs besides without `--omit=optional`, as the image has it. */
export const optional = () =>
  modules(({ devOptional, optional }) => Boolean(devOptional || optional))

function modules(isMeant: (one: Package) => boolean): Module[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, Package>
  }
  const { dependencies, optionalDependencies } = packages['']!
  const brought = new Map<string, string[]>()
  for (const root of Object.keys({ ...dependencies, ...optionalDependencies }).sort()) {
    for (const path of reach(packages, root)) {
      brought.set(path, [...(brought.get(path) ?? []), root])
    }
  }
  return Object.entries(packages)
    .filter(([path, one]) => path && !one.dev && isMeant(one))
    .map(([path, { version, license = 'none' }]) => ({
      name: nameOf(path),
      version,
      licence: license,
      of: brought.get(path) ?? []
    }))
    .sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1))
}

/** The page: how many of each licence, then each module. */
export const licencesPage = () => `# Licences

What \`npm ci --omit=dev --omit=optional\` installs, as \`package-lock.json\` says; \`npm run licences\` writes this page. Directo itself is MIT.

${tableOf(production())}
## With traces

What \`npm ci --omit=dev\` installs besides, as the image does: OpenTelemetry, and a driver
for Postgres that Drizzle could use instead.

${tableOf(optional())}`

function tableOf(modules: Module[]) {
  const counts = Map.groupBy(modules, ({ licence }) => licence)
  const summary = [...counts]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([licence, { length }]) => `${length} ${licence}`)
  const rows = modules.map(
    ({ name, version, licence, of }) =>
      `| \`${name}\` | ${version} | ${licence} | ${of.map((one) => `\`${one}\``).join(', ')} |`
  )
  return `${modules.length} modules: ${summary.join(', ')}.

| module | version | licence | brought by |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

function reach(packages: Record<string, Package>, root: string) {
  const seen = new Set<string>()
  const visit = (from: string, name: string) => {
    const path = resolve(packages, from, name)
    if (!path || seen.has(path)) return
    seen.add(path)
    for (const next of Object.keys(packages[path]!.dependencies ?? {})) visit(path, next)
  }
  visit('', root)
  return seen
}

// As Node looks: beside the module that asks, then further up.
function resolve(packages: Record<string, Package>, from: string, name: string): string | null {
  const path = `${from ? `${from}/` : ''}node_modules/${name}`
  if (packages[path]) return path
  if (!from) return null
  const end = from.lastIndexOf('/node_modules/')
  return resolve(packages, end < 0 ? '' : from.slice(0, end), name)
}

const nameOf = (path: string) =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

if (import.meta.main) writeFileSync(FILE, licencesPage())
