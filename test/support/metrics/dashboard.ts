// The dashboard for Grafana, made of rows of panels: `npm run metrics` writes deploy/grafana/directo.json.

const SELECTED = 'job="$job",instance=~"$instance"'
const RANGE = '[$__rate_interval]'
const COLUMNS = 24
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana's
const datasource = { type: 'prometheus', uid: '${datasource}' }

/** A name with its labels, of the instances that were chosen. */
const of = (name: string, labels = '') => `${name}{${SELECTED}${labels && `,${labels}`}}`
const rate = (name: string, labels?: string) => `rate(${of(name, labels)}${RANGE})`
const sum = (by: string, name: string, labels?: string) => `sum by (${by}) (${rate(name, labels)})`
const total = (name: string, labels?: string) => `sum(${rate(name, labels)})`
const quantile = (q: number, by: string, name: string, labels?: string) =>
  `histogram_quantile(${q}, ${sum(['le', by].filter(Boolean).join(', '), `${name}_bucket`, labels)})`
/** What every instance says alike. */
const alike = (name: string, by = '') => `max${by && ` by (${by})`} (${of(name)})`

const HTTP = 'directo_http_request_duration_seconds'
const PHASE = 'directo_confirm_phase_duration_seconds'
const S3 = 'directo_s3_call_duration_seconds'
const DATABASE = 'directo_database_call_duration_seconds'
const ANSWERS = 'route!~"/health/.*|/metrics"'
const CONFIRM = 'route="/api/uploads/:id/confirm"'
const FAILED = 'outcome="failed"'

interface Panel {
  title: string
  unit: string
  /** Legend and expression. */
  lines: [string, string][]
  stat?: boolean
  stacked?: boolean
  /** Above it is red. */
  bad?: number
}

const perMinute = (name: string) => `60 * ${total(name)}`

const rows: Record<string, Panel[]> = {
  Traffic: [
    {
      title: 'Requests by route',
      unit: 'reqps',
      lines: [['{{route}}', sum('route', `${HTTP}_count`, ANSWERS)]]
    },
    {
      title: 'Share of failures',
      unit: 'percentunit',
      lines: [
        [
          '5xx',
          `${total(`${HTTP}_count`, `${ANSWERS},status="5xx"`)} / ${total(`${HTTP}_count`, ANSWERS)}`
        ],
        [
          '4xx',
          `${total(`${HTTP}_count`, `${ANSWERS},status="4xx"`)} / ${total(`${HTTP}_count`, ANSWERS)}`
        ]
      ]
    },
    {
      title: 'Duration by route, p99',
      unit: 's',
      lines: [['{{route}}', quantile(0.99, 'route', HTTP, ANSWERS)]]
    },
    {
      title: 'Problems by code',
      unit: 'reqps',
      lines: [
        ['{{code}}', sum('code', 'directo_problems_total')],
        ['not HTTP', total('directo_http_broken_requests_total')]
      ]
    }
  ],
  Uploads: [
    {
      title: 'Uploads a minute',
      unit: 'short',
      lines: ['created', 'confirmed', 'rejected', 'aborted', 'expired'].map((event) => [
        event,
        perMinute(`directo_uploads_${event}_total`)
      ])
    },
    {
      title: 'Why they are rejected',
      unit: 'short',
      lines: [['{{reason}}', `60 * ${sum('reason', 'directo_upload_rejection_reasons_total')}`]]
    },
    { title: 'Open uploads', unit: 'short', lines: [['open', alike('directo_open_uploads')]] }
  ],
  'Confirm phases': [
    {
      title: 'Confirm',
      unit: 's',
      lines: [0.5, 0.9, 0.99].map((q) => [`p${100 * q}`, quantile(q, '', HTTP, CONFIRM)])
    },
    {
      title: 'Mean of each phase',
      unit: 's',
      stacked: true,
      lines: [['{{phase}}', `${sum('phase', `${PHASE}_sum`)} / ${sum('phase', `${PHASE}_count`)}`]]
    },
    {
      title: 'p99 of each phase',
      unit: 's',
      lines: [['{{phase}}', quantile(0.99, 'phase', PHASE)]]
    }
  ],
  'Stores and database': [
    { title: 'Calls to S3', unit: 'ops', lines: [['{{verb}}', sum('verb', `${S3}_count`)]] },
    { title: 'Calls to S3, p99', unit: 's', lines: [['{{verb}}', quantile(0.99, 'verb', S3)]] },
    {
      title: 'Calls that fail',
      unit: 'ops',
      lines: [
        ['S3 {{verb}}', sum('verb', `${S3}_count`, FAILED)],
        ['Postgres {{operation}}', sum('operation', `${DATABASE}_count`, FAILED)]
      ]
    },
    {
      title: 'Calls to Postgres',
      unit: 'ops',
      lines: [['{{operation}}', sum('operation', `${DATABASE}_count`)]]
    },
    {
      title: 'Calls to Postgres, p99',
      unit: 's',
      lines: [['{{operation}}', quantile(0.99, 'operation', DATABASE)]]
    },
    {
      title: 'Pool',
      unit: 'short',
      lines: [
        ['calls {{instance}}', of('directo_database_calls')],
        ['connections', `min(${of('directo_database_pool_connections')})`]
      ]
    },
    {
      title: 'Postgres tells',
      unit: 'bool_yes_no',
      stat: true,
      lines: [['{{instance}}', of('directo_database_up')]]
    },
    {
      title: 'Credentials end in',
      unit: 's',
      stat: true,
      lines: [['{{instance}}', of('directo_credentials_remaining_seconds')]]
    }
  ],
  Janitor: [
    {
      title: 'A minute',
      unit: 'short',
      lines: ['purged', 'failed', 'abandoned', 'forgotten', 'strays_removed'].map((what) => [
        what.replace('_', ' '),
        perMinute(`directo_janitor_${what}_total`)
      ])
    },
    {
      title: 'Sweeps',
      unit: 'ops',
      lines: [['{{outcome}}', sum('outcome', 'directo_janitor_sweeps_total')]]
    },
    { title: 'Backlog', unit: 'short', lines: [['due', alike('directo_janitor_backlog_objects')]] },
    {
      title: 'Oldest due',
      unit: 's',
      lines: [['for', alike('directo_janitor_oldest_due_seconds')]]
    },
    {
      title: 'Dangling references',
      unit: 'short',
      stat: true,
      bad: 1,
      lines: [['users', alike('directo_dangling_references')]]
    },
    {
      title: 'Last walk',
      unit: 's',
      stat: true,
      lines: [['ago', `time() - ${alike('directo_walk_timestamp_seconds')}`]]
    }
  ],
  Bucket: [
    {
      title: 'Bytes',
      unit: 'bytes',
      stacked: true,
      lines: [['{{part}}', alike('directo_bucket_bytes', 'part')]]
    },
    {
      title: 'Objects',
      unit: 'short',
      stacked: true,
      lines: [['{{part}}', alike('directo_bucket_objects', 'part')]]
    },
    {
      title: 'Summed up',
      unit: 's',
      stat: true,
      lines: [['ago', `time() - ${alike('directo_usage_timestamp_seconds')}`]]
    }
  ],
  Process: [
    {
      title: 'Event loop, how late',
      unit: 's',
      lines: [
        ['p99 {{instance}}', of('nodejs_eventloop_lag_p99_seconds')],
        ['max {{instance}}', of('nodejs_eventloop_lag_max_seconds')]
      ]
    },
    {
      title: 'Event loop, how busy',
      unit: 'percentunit',
      lines: [['{{instance}}', of('nodejs_eventloop_utilization_ratio')]]
    },
    {
      title: 'Processor',
      unit: 'percentunit',
      lines: [['{{instance}}', rate('process_cpu_seconds_total')]]
    },
    {
      title: 'Memory',
      unit: 'bytes',
      lines: [
        ['held {{instance}}', of('process_resident_memory_bytes')],
        ['heap {{instance}}', of('nodejs_heap_size_used_bytes')],
        ['buffers {{instance}}', of('nodejs_external_memory_bytes')]
      ]
    },
    {
      title: 'Files and sockets',
      unit: 'short',
      lines: [['{{instance}}', of('process_open_fds')]]
    },
    {
      title: 'Up for',
      unit: 's',
      stat: true,
      lines: [['{{instance}}', `time() - ${of('process_start_time_seconds')}`]]
    }
  ]
}

/** The dashboard as Grafana imports it. */
export function drawDashboard() {
  const panels: object[] = []
  let y = 0
  for (const [title, ofRow] of Object.entries(rows)) {
    const id = panels.length + 1
    panels.push({
      id,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
      panels: []
    })
    const { across, h } = ofRow.length % 3 === 0 ? { across: 3, h: 8 } : { across: 4, h: 8 }
    const w = COLUMNS / across
    for (const [at, panel] of ofRow.entries()) {
      const gridPos = { x: (at % across) * w, y: y + Math.floor(at / across) * h, w, h }
      panels.push({ id: panels.length + 1, gridPos, ...drawPanel(panel) })
    }
    y += Math.ceil(ofRow.length / across) * h
  }
  return { ...frame, panels }
}

function drawPanel({ title, unit, lines, stat, stacked, bad }: Panel) {
  const steps = [{ color: stat && bad ? 'green' : 'text', value: null }]
  const custom = {
    fillOpacity: stacked ? 40 : 8,
    showPoints: 'never',
    ...(stacked && { stacking: { mode: 'normal', group: 'A' } })
  }
  return {
    type: stat ? 'stat' : 'timeseries',
    title,
    datasource,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: {
          mode: 'absolute',
          steps: bad ? [...steps, { color: 'red', value: bad }] : steps
        },
        ...(!stat && { custom })
      },
      overrides: []
    },
    options: stat
      ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value' }
      : {
          legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
          tooltip: { mode: 'multi', sort: 'desc' }
        },
    targets: lines.map(([legendFormat, expr], at) => ({
      refId: 'ABCDEFGH'[at],
      datasource,
      expr,
      legendFormat
    }))
  }
}

const variable = (name: string, query: string, more: object) => ({
  name,
  type: 'query',
  datasource,
  query: { query, refId: name },
  definition: query,
  refresh: 2,
  sort: 1,
  ...more
})

const frame = {
  uid: 'directo',
  title: 'Directo',
  tags: ['directo'],
  schemaVersion: 39,
  editable: true,
  graphTooltip: 1,
  refresh: '30s',
  time: { from: 'now-3h', to: 'now' },
  timezone: 'browser',
  annotations: { list: [] },
  links: [],
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus', refresh: 1 },
      variable('job', 'label_values(directo_database_up, job)', {}),
      variable('instance', 'label_values(directo_database_up{job="$job"}, instance)', {
        multi: true,
        includeAll: true,
        current: { text: 'All', value: '$__all' }
      })
    ]
  }
}
