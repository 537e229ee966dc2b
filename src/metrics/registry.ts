// Counters, histograms and gauges, and the page on which Prometheus reads them.

/** Only ever grows. */
export class Counter {
  value = 0

  add(by = 1) {
    this.value += by
  }
}

/** How many observations were at most so large, and the sum of them all. */
export class Histogram {
  readonly bounds: readonly number[]
  /** Of each bound those above the one before it; the last are above all bounds. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array(bounds.length + 1).fill(0)
  }

  observe(value: number) {
    const { bounds, counts } = this
    let at = 0
    while (at < bounds.length && value > bounds[at]!) at++
    counts[at]!++
    this.sum += value
  }
}

/** What a metric is called and means; its name has its unit, and `labels` are bounded in number. */
export interface Described {
  name: string
  help: string
  labels?: readonly string[]
}

/** What is read when it is asked for: undefined leaves it out, several differ in their label. */
export type Reading = number | undefined | Record<string, number>

export type Registry = ReturnType<typeof openRegistry>

/** In the text format of Prometheus, 0.0.4. */
export const PAGE_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * What all numbers of a process are on. A family with labels is a function of their values, and what
 * that returns is to be kept: to look for it costs ten times what it costs to count.
 */
export function openRegistry() {
  const families: (() => string)[] = []

  function family<Child>(
    described: Described & { type: string },
    make: () => Child,
    write: (child: Child, name: string, labels: string) => string
  ) {
    const { name, labels = [] } = described
    const children = new Map<string, Child>()
    families.push(() => {
      const lines = [...children].map(([key, child]) => write(child, name, key))
      return lines.length > 0 ? head(described) + lines.join('') : ''
    })
    return (...values: string[]) => {
      const key = labels.map((label, at) => `${label}="${escaped(values[at] ?? '')}"`).join()
      const child = children.get(key) ?? make()
      children.set(key, child)
      return child
    }
  }

  return {
    counter: (described: Described) =>
      family({ ...described, type: 'counter' }, () => new Counter(), writeCounter),

    histogram: (described: Described & { bounds: readonly number[] }) =>
      family(
        { ...described, type: 'histogram' },
        () => new Histogram(described.bounds),
        writeHistogram
      ),

    /** What is known elsewhere, and asked for whenever the page is. */
    reading(described: Described & { type?: 'gauge' | 'counter' }, read: () => Reading) {
      const { name, labels: [label = ''] = [], type = 'gauge' } = described
      families.push(() => {
        const found = read()
        if (found === undefined) return ''
        const samples = typeof found === 'number' ? { '': found } : found
        const lines = Object.entries(samples).map(([value, number]) =>
          line(name, value && `${label}="${escaped(value)}"`, number)
        )
        return head({ ...described, type }) + lines.join('')
      })
    },

    page: () => families.map((family) => family()).join('')
  }
}

const head = ({ name, help, type }: Described & { type: string }) =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`

const line = (name: string, labels: string, value: number) =>
  `${name}${labels && `{${labels}}`} ${value}\n`

const writeCounter = ({ value }: Counter, name: string, labels: string) => line(name, labels, value)

function writeHistogram({ bounds, counts, sum }: Histogram, name: string, labels: string) {
  let total = 0
  const lines = counts.map((count, at) => {
    total += count
    return line(`${name}_bucket`, `${labels && `${labels},`}le="${bounds[at] ?? '+Inf'}"`, total)
  })
  return lines.join('') + line(`${name}_sum`, labels, sum) + line(`${name}_count`, labels, total)
}

const escaped = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
