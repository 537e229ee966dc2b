// What is shipped for operators speaks of metrics that there are: dashboard, alerts, documents.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

import t from 'tap'
import { parse } from 'yaml'

import { drawDashboard } from './support/metrics/dashboard.ts'
import { fullPage } from './support/metrics/full.ts'
import { labelsOf, type Page } from './support/metrics/page.ts'
import { startWithMetrics } from './support/metrics/process.ts'
import { readExpression } from './support/metrics/promql.ts'
import { withTable } from './support/metrics/table.ts'
import { png } from './support/pictures.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const document = read('docs/observability.md')
const full = await fullPage()

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string }
}
const rules: Rule[] = parse(read('deploy/prometheus/alerts.yml')).groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules
)

interface Panel {
  id: number
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { refId: string; expr: string; legendFormat: string }[]
}
const dashboard = JSON.parse(read('deploy/grafana/directo.json'))
const panels: Panel[] = dashboard.panels

// The variables of Grafana are no PromQL.
const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [title, expr.replaceAll('$__rate_interval', '5m')] as const)
  )
]

const FROM_PROMETHEUS = ['job', 'instance', 'le']

const familyOf = (page: Page, name: string) =>
  page.get(name) ?? page.get(name.replace(/_(bucket|sum|count)$/, ''))

t.test('npm run metrics has nothing to change', async (t) => {
  t.same(dashboard, drawDashboard())
  t.equal(withTable(document, full), document)
})

t.test('every expression speaks of metrics, labels and values that there are', async (t) => {
  const { service, page: ask } = await startWithMetrics(t)
  await service.user('ada').upload(png(64))
  await fetch(`${service.url}/health/ready`)
  const page = await ask()
  const missing = [...page.keys()].filter((name) => !full.has(name))
  t.same(missing, [], 'a real process has no metric that the documents lack')
  const known = new Set([...full.values()].flatMap(labelsOf))
  for (const [where, expression] of expressions) {
    const { selected, grouped } = readExpression(expression)
    t.ok(selected.length > 0, where)
    for (const label of grouped) t.ok(known.has(label) || FROM_PROMETHEUS.includes(label), label)
    for (const { name, labels, values } of selected.filter(({ name }) => name !== 'up')) {
      const family = familyOf(full, name)
      if (!family) return void t.fail(`${where}: there is no ${name}`)
      t.equal(name !== family.name, family.type === 'histogram', `${where}: ${name}`)
      const own = [...labelsOf(family), ...FROM_PROMETHEUS]
      for (const label of labels) t.ok(own.includes(label), `${where}: ${name} has no ${label}`)
      for (const [label, value] of Object.entries(values)) {
        if (label === 'job' || /^\dxx$/.test(value)) continue
        const has = familyOf(page, name)?.samples.some(({ labels }) => labels[label] === value)
        t.ok(has, `${where}: no ${name} has ${label}="${value}"`)
      }
    }
  }
})

t.test('nothing that is no PromQL, or of another metric, would get through', async (t) => {
  t.throws(() => readExpression('sum(rate(directo_uploads_created_total[5m])'), /no PromQL/)
  t.throws(() => readExpression('directo_uploads_created_total{a=}'), /no PromQL/)
  t.same(readExpression('max by (part) (directo_bucket_bytes{job="x",part!="live"})'), {
    selected: [{ name: 'directo_bucket_bytes', labels: ['job', 'part'], values: { job: 'x' } }],
    grouped: ['part']
  })
})

t.test('the dashboard is one that Grafana can draw', async (t) => {
  const taken = new Set<string>()
  for (const { id, title, type, gridPos, targets = [] } of panels) {
    t.ok(['row', 'timeseries', 'stat'].includes(type), type)
    t.equal(targets.length > 0, type !== 'row', title)
    t.ok(gridPos.x + gridPos.w <= 24, `${title} fits`)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        t.notOk(taken.has(`${x} ${y}`), `nothing else is where ${title} is`)
        taken.add(`${x} ${y}`)
      }
    }
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
    t.equal(panels.filter((other) => other.id === id).length, 1, `${title} has an id of its own`)
  }
  const variables = dashboard.templating.list.map(({ name }: { name: string }) => name)
  const used = JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)
  for (const name of new Set([...used].map(([, name]) => name!))) {
    t.ok(variables.includes(name) || name === '__rate_interval', name)
  }
})

t.test('every alert is explained, tried, and says whether it can wait', async (t) => {
  const tried = parse(read('deploy/prometheus/alerts.test.yml')).tests.flatMap(
    (one: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }) =>
      one.alert_rule_test.filter(({ exp_alerts = [] }) => exp_alerts.length > 0)
  )
  for (const { alert, labels, annotations } of rules) {
    t.match(document, `| \`${alert}\` |`)
    t.ok(
      tried.some((one: { alertname: string }) => one.alertname === alert),
      `${alert} is tried`
    )
    t.match(labels, { severity: /^(page|ticket)$/ })
    t.match(annotations, { summary: /\.$/ })
  }
  const explained = [...document.matchAll(/^\| `(Directo\w+)`/gm)].map(([, alert]) => alert)
  t.same(
    explained,
    rules.map(({ alert }) => alert),
    'and there are no others'
  )
})

const promtool = (() => {
  try {
    return execFileSync('promtool', ['--version'], { stdio: 'pipe' })
  } catch {
    return null
  }
})()

t.test(
  'Prometheus itself takes the rules, and each fires when it should',
  { skip: promtool ? false : 'there is no promtool here; .ci/run installs it' },
  async (t) => {
    const run = (...argv: string[]) =>
      execFileSync('promtool', argv, { stdio: 'pipe', cwd: 'deploy/prometheus' }).toString()
    t.match(run('check', 'rules', 'alerts.yml'), `${rules.length} rules found`)
    t.match(run('test', 'rules', 'alerts.test.yml'), 'SUCCESS')
    t.match(run('check', 'config', '--syntax-only', 'prometheus.yml'), 'SUCCESS')
  }
)
