// The environment as one checked, frozen object; the only reader of the process's settings.

import { envSchema } from 'env-schema'
import { type Static, type TObject, Type } from 'typebox'

import { cdnOf, cdnProblems } from './cdn.ts'
import { databaseUrlProblems } from './database-url.ts'
import { type Identity, identityNames, identityOf, identityProblems } from './identity/settings.ts'
import { limitProblems, limitsOf } from './limits/settings.ts'
import { metricsOf, metricsProblems } from './metrics/settings.ts'
import { proxiesOf, proxyProblems } from './proxies.ts'
import { Settings } from './settings.ts'
import { methodOf, names, type Store, storeOf } from './stores.ts'

export type Config = Readonly<ReturnType<typeof arrange>>

/** The settings cannot be used; `problems` has one sentence for each that is wrong. */
export class ConfigError extends Error {
  readonly problems: string[]
  constructor(problems: string[]) {
    super(
      `The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`
    )
    this.problems = problems
  }
}

/**
 * Checks the environment whole and returns it arranged for use; durations in milliseconds or
 * seconds as the names say, sizes in bytes. A variable that is empty counts as unset.
 * @throws {ConfigError} naming every setting that is missing, malformed or out of bounds
 */
export function readConfig(env: Environment): Config {
  return Object.freeze(arrange(checked(Settings, env, contradictions)))
}

/** The one setting that migrations need, so that they can run without the service's secrets. */
export function readDatabaseUrl(env: Environment): string {
  return checked(Type.Pick(Settings, ['DATABASE_URL']), env, databaseUrlProblems).DATABASE_URL
}

/** Whose tokens are believed, so that one can be made without the rest of the service. */
export function readIdentity(env: Environment): Identity {
  return identityOf(checked(Type.Pick(Settings, [...identityNames]), env, identityProblems))
}

function checked<Schema extends TObject>(
  schema: Schema,
  env: Environment,
  contradictions: (settings: Environment) => string[] = () => []
): Static<Schema> {
  const data: Environment = {}
  for (const [name, value] of Object.entries(env)) {
    if (value) data[name] = isNumberOrText(schema, name, value) ? value : 'not a number'
  }
  const problems = contradictions(data)
  try {
    const copy = structuredClone(schema)
    const settings = envSchema<Static<Schema>>({ schema: copy, data, env: false })
    if (problems.length === 0) return settings
  } catch (err) {
    problems.unshift(...schemaProblems(err as SchemaFailure))
  }
  throw new ConfigError(problems)
}

type Environment = Record<string, string | undefined>

// The coercion takes Infinity, 0x10 and 1e9 for integers, and Infinity for one within any bounds.
function isNumberOrText({ properties }: TObject, name: string, value: string) {
  const isInteger = (properties[name] as { type?: string } | undefined)?.type === 'integer'
  return !isInteger || /^-?\d{1,15}$/.test(value)
}

interface SchemaFailure {
  errors: {
    instancePath: string
    message: string
    params: { missingProperty?: string; allowedValues?: string[]; pattern?: string }
  }[]
}

function schemaProblems({ errors }: SchemaFailure) {
  return errors.map(({ instancePath, message, params }) => {
    if (params.missingProperty) return `${params.missingProperty} is required`
    const name = instancePath.slice(1)
    const [example] =
      (Settings.properties as Record<string, { examples?: string[] }>)[name]?.examples ?? []
    if (params.pattern && example) return `${name} is not of the form ${example}`
    return [name, message, params.allowedValues?.join(', ')].join(' ').trim()
  })
}

function contradictions(settings: Partial<Record<keyof Settings, string>>) {
  const problems = [...identityProblems(settings), ...databaseUrlProblems(settings)]
  if (!settings.AWS_ACCESS_KEY_ID !== !settings.AWS_SECRET_ACCESS_KEY) {
    problems.push('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together')
  }
  if (settings.AWS_SESSION_TOKEN && !settings.AWS_ACCESS_KEY_ID) {
    problems.push('AWS_SESSION_TOKEN needs AWS_ACCESS_KEY_ID')
  }
  for (const name of ['S3_ENDPOINT', 'S3_PUBLIC_ENDPOINT'] as const) {
    if (settings[name] && !URL.canParse(settings[name])) problems.push(`${name} is not a URL`)
  }
  if (settings.S3_PUBLIC_ENDPOINT && !settings.S3_ENDPOINT) {
    problems.push('S3_PUBLIC_ENDPOINT needs S3_ENDPOINT')
  }
  problems.push(...storeProblems(settings), ...cdnProblems(settings), ...proxyProblems(settings))
  problems.push(...limitProblems(settings), ...metricsProblems(settings))
  for (const origin of list(settings.CORS_ORIGINS ?? '')) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      problems.push(`CORS_ORIGINS: "${origin}" is not an origin such as https://app.example.com`)
    }
  }
  return problems
}

// A method that the store does not enforce would hold nobody to a size or a type.
function storeProblems({ STORE, S3_ENDPOINT, UPLOAD_METHOD }: Partial<Record<string, string>>) {
  const store = storeOf(STORE, S3_ENDPOINT)
  if (!store) {
    return [`STORE: "${STORE}" is none of ${names.join(', ')}, nor what a doctor found`]
  }
  const wanted = UPLOAD_METHOD === 'post' || UPLOAD_METHOD === 'put' ? UPLOAD_METHOD : 'auto'
  const { problem } = methodOf(wanted, store)
  if (!problem) return []
  const way = 'directo doctor, without STORE and UPLOAD_METHOD, finds out what it can do'
  return [`UPLOAD_METHOD=${wanted} cannot be used: ${problem} (${way})`]
}

function arrange(settings: Settings) {
  const store = storeOf(settings.STORE, settings.S3_ENDPOINT) as Store // looked at before
  const cdn = cdnOf(settings)
  return {
    databaseUrl: settings.DATABASE_URL,
    databasePool: settings.DATABASE_POOL,
    databaseDeadlineMs: settings.DATABASE_DEADLINE_MS,
    s3: {
      bucket: settings.S3_BUCKET,
      endpoint: settings.S3_ENDPOINT,
      publicEndpoint: settings.S3_PUBLIC_ENDPOINT ?? settings.S3_ENDPOINT,
      pathStyle: settings.S3_PATH_STYLE,
      region: settings.AWS_REGION,
      store,
      method: methodOf(settings.UPLOAD_METHOD, store).method ?? 'POST',
      credentials: credentials(settings),
      ...(cdn && { cdn }),
      deadlineMs: settings.S3_DEADLINE_MS
    },
    identity: identityOf(settings),
    host: settings.HOST,
    port: settings.PORT,
    trustedProxies: proxiesOf(settings),
    corsOrigins: list(settings.CORS_ORIGINS),
    logLevel: settings.LOG_LEVEL,
    drainSeconds: settings.DRAIN_SECONDS,
    metrics: metricsOf(settings),
    grantSeconds: settings.GRANT_SECONDS,
    confirmSeconds: settings.CONFIRM_SECONDS,
    urlSeconds: settings.URL_SECONDS,
    cacheSeconds: settings.CACHE_SECONDS,
    avatar: {
      isPublic: settings.AVATAR_ACCESS === 'public',
      maxBytes: settings.AVATAR_MAX_BYTES,
      maxPixels: settings.AVATAR_MAX_PIXELS,
      contentTypes: list(settings.AVATAR_CONTENT_TYPES),
      locationMetadata: settings.LOCATION_METADATA
    },
    openUploadsPerUser: settings.OPEN_UPLOADS_PER_USER,
    confirmDeadlineMs: settings.CONFIRM_DEADLINE_MS,
    limits: limitsOf(settings),
    janitor: {
      isOn: settings.JANITOR === 'on',
      sweepSeconds: settings.SWEEP_SECONDS,
      reconcileSeconds: settings.RECONCILE_SECONDS,
      strayGraceSeconds: settings.STRAY_GRACE_SECONDS,
      retentionDays: settings.RETENTION_DAYS,
      tombstoneDays: settings.TOMBSTONE_DAYS
    }
  }
}

function credentials(settings: Settings) {
  if (!settings.AWS_ACCESS_KEY_ID || !settings.AWS_SECRET_ACCESS_KEY) return undefined
  return {
    accessKeyId: settings.AWS_ACCESS_KEY_ID,
    secretAccessKey: settings.AWS_SECRET_ACCESS_KEY,
    sessionToken: settings.AWS_SESSION_TOKEN
  }
}

const list = (value: string) =>
  value
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
