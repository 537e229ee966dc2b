// A page of metrics, read as strictly as Prometheus would and a little more.

export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

export interface Family {
  name: string
  type: string
  help: string
  samples: Sample[]
}

export type Page = ReturnType<typeof readPage>

/** @throws {Error} naming the line that is not as the text format has it */
export function readPage(text: string) {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let family: Family | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') {
      if (families.has(name)) throw new Error(`${name} comes twice`)
      family = { name, type: '', help: rest, samples: [] }
      families.set(name, family)
    } else if (kind === 'TYPE') {
      if (family?.name !== name || family.type) throw new Error(`no HELP before ${line}`)
      family.type = rest
    } else {
      const sample = sampleOf(line)
      if (!family?.type || !belongs(sample.name, family)) throw new Error(`stray sample: ${line}`)
      const key = line.slice(0, line.lastIndexOf(' '))
      if (seen.has(key)) throw new Error(`comes twice: ${line}`)
      seen.add(key)
      family.samples.push(sample)
    }
  }
  return families
}

function sampleOf(line: string): Sample {
  const [, name, block = '', number] =
    /^([a-z][a-z0-9_]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line) ?? []
  if (!name) throw new Error(`no sample: ${line}`)
  const pairs = [...block.matchAll(/([a-z_]+)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/g)]
  if (pairs.map(([pair]) => pair).join('') !== block) throw new Error(`bad labels: ${line}`)
  const labels = Object.fromEntries(pairs.map(([, label, value]) => [label, value]))
  return { name, labels: labels as Record<string, string>, value: Number(number) }
}

const belongs = (sample: string, { name, type }: Family) =>
  type === 'histogram' ? /^(_bucket|_sum|_count)$/.test(sample.slice(name.length)) : sample === name

/** One sample's value; what is not there counts as 0, unless nothing of that name is. */
export function sumOf(page: Page, name: string, labels: Record<string, string> = {}) {
  const family = page.get(name.replace(/_(bucket|sum|count)$/, '')) ?? page.get(name)
  if (!family) throw new Error(`no ${name} on the page`)
  return family.samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([of, value]) => sample.labels[of] === value))
    .reduce((total, { value }) => total + value, 0)
}

/** The labels that a family's samples have. */
export const labelsOf = ({ samples }: Family) => [
  ...new Set(samples.flatMap(({ labels }) => Object.keys(labels)).filter((name) => name !== 'le'))
]
