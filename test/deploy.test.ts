// What is in deploy/ and docker-compose.yml: nothing named there is unknown, and its times fit ours.

import { readFileSync } from 'node:fs'

import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'

import { readConfig } from '../src/config.ts'
import { Settings } from '../src/settings.ts'
import { SECRET } from './support/app.ts'

type Environment = Record<string, string>
// biome-ignore lint/suspicious/noExplicitAny: of somebody else's form; what a test reads of it fails there
type Tree = any

const read = (path: string) => readFileSync(path, 'utf8')
const known = Object.keys(Settings.properties)
const END_SECONDS = 5 // to let go of Postgres and S3 and to write the log, generously

const documents = ['configuration', 'migrate', 'directo'].flatMap((name) => {
  return parseAllDocuments(read(`deploy/kubernetes/${name}.yaml`)).map((document): Tree => {
    t.same([document.errors, document.warnings], [[], []], name)
    return document.toJS()
  })
})
const the = (kind: string): Tree => documents.find((document) => document.kind === kind)

/** What the process must be given: the longest that it takes to end in order. */
function graceOf(environment: Environment) {
  const { drainSeconds, confirmDeadlineMs, databaseDeadlineMs } = readConfig(environment)
  return drainSeconds + (confirmDeadlineMs + databaseDeadlineMs) / 1000 + END_SECONDS
}

t.test('the settings of Kubernetes are settings, and a configuration', (t) => {
  const written = { ...the('ConfigMap').data, ...the('Secret').stringData } as Environment
  for (const name of Object.keys(written)) t.ok(known.includes(name), name)
  const filled = Object.entries(written).map(([name, value]) => {
    return [name, value.replace(/BUCKET|ISSUER|PASSWORD/g, 'example')]
  })
  const environment = Object.fromEntries(filled) as Environment
  const config = readConfig(environment)

  const { spec } = the('Deployment').spec.template
  t.ok(spec.terminationGracePeriodSeconds >= graceOf(environment))
  const { maxReplicas, scaleTargetRef } = the('HorizontalPodAutoscaler').spec
  const { maxSurge, maxUnavailable } = the('Deployment').spec.strategy.rollingUpdate
  t.ok(config.databasePool * (maxReplicas + maxSurge) < 97, 'Postgres keeps 3 of 100 for itself')
  t.match([maxUnavailable, maxSurge], [0, 1])
  t.match(scaleTargetRef, { kind: 'Deployment', name: the('Deployment').metadata.name })
  const [{ env }] = the('Job').spec.template.spec.containers
  t.match(env, [{ name: 'DATABASE_URL', valueFrom: { secretKeyRef: { key: 'DATABASE_URL' } } }])
  t.ok(Object.hasOwn(written, 'DATABASE_URL'))
  t.end()
})

t.test('what belongs together in Kubernetes has the same names, ports and labels', (t) => {
  const { metadata, spec } = the('Deployment').spec.template
  const [container] = spec.containers
  const { selector, ports } = the('Service').spec
  t.same(selector, metadata.labels)
  t.same(the('Deployment').spec.selector.matchLabels, metadata.labels)
  t.same(the('PodDisruptionBudget').spec.selector.matchLabels, metadata.labels)
  t.notSame(the('Job').spec.template.metadata.labels, metadata.labels, 'gets no requests')
  t.equal(spec.serviceAccountName, the('ServiceAccount').metadata.name)
  t.same(container.envFrom, [
    { configMapRef: { name: the('ConfigMap').metadata.name } },
    { secretRef: { name: the('Secret').metadata.name } }
  ])
  const [job] = the('Job').spec.template.spec.containers
  t.equal(job.image, container.image, 'migrated by the version that is to run')
  t.equal(container.image.split(':').at(-1), JSON.parse(read('package.json')).version)

  const [{ name, containerPort }, metrics] = container.ports
  t.equal(ports[0].targetPort, name)
  t.match(read('Dockerfile'), `PORT=${containerPort}`)
  const scraped = metadata.annotations['prometheus.io/port']
  t.same([`${metrics.containerPort}`, scraped], Array(2).fill(the('ConfigMap').data.METRICS_PORT))
  const { paths } = JSON.parse(read('openapi.json'))
  const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'].map(
    (probe) => container[probe]
  )
  for (const { httpGet, timeoutSeconds } of probes) {
    t.equal(httpGet.port, name)
    t.ok(paths[httpGet.path], httpGet.path)
    t.ok(timeoutSeconds > 2, 'longer than /health/ready takes at most')
  }
  t.end()
})

t.test('nothing runs as root, writes to its image or has a token of Kubernetes', (t) => {
  for (const { spec } of [the('Deployment').spec.template, the('Job').spec.template]) {
    t.match(spec, {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }
    })
    t.ok(spec.securityContext.runAsUser > 0)
    for (const { securityContext, resources } of spec.containers) {
      t.match(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] }
      })
      t.ok(resources.limits.memory)
    }
  }
  t.end()
})

t.test('docker-compose.yml takes any way to verify tokens, and refuses none', (t) => {
  const text = read('docker-compose.yml')
  const compose = (given: Environment) => {
    const filled = text.replace(/\$\{(\w+):-([^}]*)\}/g, (_, name, other) => given[name] || other)
    return parse(filled, { merge: true }) as Tree
  }
  const { environment, ...api } = compose({}).services.api
  for (const name of Object.keys(environment)) t.ok(known.includes(name), name)
  t.ok(
    Number.parseInt(api.stop_grace_period, 10) >= graceOf({ ...environment, JWT_SECRET: SECRET })
  )

  const named = { JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'directo' }
  const JWKS_URL = 'https://issuer.example/keys'
  const configured = (given: Environment) => readConfig(compose(given).services.api.environment)
  t.match(configured({ JWT_SECRET: SECRET }), { identity: { secret: SECRET } })
  t.match(configured({ ...named, JWKS_URL }), { identity: { jwksUrl: JWKS_URL } })
  t.throws(() => configured({}), { message: /JWT_SECRET is required/ })
  t.end()
})

t.test('HAProxy waits longer than a confirm may take, and asks for what there is', (t) => {
  const haproxy = read('deploy/haproxy.cfg')
  const [, seconds] = /timeout server (\d+)s/.exec(haproxy) ?? []
  const needed = { DATABASE_URL: 'postgres://x/x', S3_BUCKET: 'xxx', JWT_SECRET: SECRET }
  t.ok(Number(seconds) * 1000 > readConfig(needed).confirmDeadlineMs)
  const { paths } = JSON.parse(read('openapi.json'))
  const asked = [...haproxy.matchAll(/httpchk GET (\S+)/g)].map(([, path]) => path!)
  t.equal(asked.length, 1)
  for (const path of asked) t.ok(paths[path], path)
  t.end()
})
