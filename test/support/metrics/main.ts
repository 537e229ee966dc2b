// npm run metrics: the dashboard, and the table of metrics in docs/observability.md.

import { readFileSync, writeFileSync } from 'node:fs'

import { drawDashboard } from './dashboard.ts'
import { fullPage } from './full.ts'
import { withTable } from './table.ts'

const DOCUMENT = 'docs/observability.md'

writeFileSync('deploy/grafana/directo.json', `${JSON.stringify(drawDashboard(), null, 2)}\n`)
writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), await fullPage()))
process.exit() // the event loop is being watched
