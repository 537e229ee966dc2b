// Every setting of the service: its name, meaning, bounds and default.

import { type Static, Type } from 'typebox'

const MiB = 1024 * 1024

const text = (description: string, options = {}) => Type.String({ description, ...options })
const integer = (description: string, minimum: number, maximum: number, value: number) =>
  Type.Integer({ description, minimum, maximum, default: value })
const RATE = [0, 1_000_000] as const
const url = (description: string) =>
  text(description, {
    pattern: '^https?://[^/?#@\\s]+/?$',
    examples: ['https://s3.example.com:9000 (no path, the bucket is S3_BUCKET)']
  })

/** A test holds `.env.example` and the README to this list. */
export const Settings = Type.Object({
  DATABASE_URL: text('Postgres to use', {
    pattern: '^postgres(ql)?://.+',
    examples: ['postgres://user:password@host:5432/database']
  }),
  DATABASE_POOL: integer('connections to Postgres an instance holds at most', 1, 200, 10),
  DATABASE_DEADLINE_MS: integer('how long a database call may take', 100, 60_000, 5_000),
  S3_BUCKET: text('bucket that holds staging/ and avatars/', {
    pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
    examples: ['my-bucket (3 to 63 of a-z 0-9 . -)']
  }),
  S3_ENDPOINT: Type.Optional(url('S3 as the service reaches it; unset means AWS')),
  S3_PUBLIC_ENDPOINT: Type.Optional(url('S3 as clients reach it; unset means S3_ENDPOINT')),
  S3_PATH_STYLE: Type.Boolean({
    description: 'bucket in the path instead of the host name, as most stores beside AWS want it',
    default: false
  }),
  STORE: Type.Optional(
    text('which store it is, or what it can do; unset means by its address; AWS without one', {
      pattern: '^[a-z0-9+-]+$'
    })
  ),
  UPLOAD_METHOD: Type.Enum(['auto', 'post', 'put'], {
    description: 'how clients send: by POST where the store has it, or always by one of them',
    default: 'auto'
  }),
  S3_DEADLINE_MS: integer('how long a call to S3 may take, retries included', 100, 60_000, 5_000),
  AWS_REGION: text('region that signatures name', {
    pattern: '^[a-z0-9-]+$',
    default: 'us-east-1'
  }),
  AWS_ACCESS_KEY_ID: Type.Optional(text("key id; unset means the AWS SDK's own search")),
  AWS_SECRET_ACCESS_KEY: Type.Optional(text('secret that belongs to the key id')),
  AWS_SESSION_TOKEN: Type.Optional(text('token that belongs to temporary credentials')),
  PUBLIC_ASSET_BASE: Type.Optional(
    text('where clients read avatars through CloudFront; unset means from S3', {
      pattern: '^https?://[^/?#@\\s]+(/[^?#@\\s]*)?$',
      examples: ['https://cdn.example.com (a path may follow, a query may not)']
    })
  ),
  CLOUDFRONT_KEY_PAIR_ID: Type.Optional(
    text("id of the public key in the distribution's key group", {
      pattern: '^[A-Z0-9]+$',
      examples: ['K2JCJMDEHXQW5F']
    })
  ),
  CLOUDFRONT_PRIVATE_KEY: Type.Optional(text('RSA key that belongs to it, as a PEM')),
  JWT_SECRET: Type.Optional(
    text('HS256 secret that tokens are signed with, at least 32 bytes; or one of the next two')
  ),
  JWT_PUBLIC_KEY: Type.Optional(
    text('key that tokens are verified with, as a PEM: RSA (RS256, PS256), P-256 or Ed25519')
  ),
  JWKS_URL: Type.Optional(text("https address of an identity provider's key set")),
  JWT_ISSUER: Type.Optional(
    text('what tokens must have as iss; required unless there is a JWT_SECRET')
  ),
  JWT_AUDIENCE: Type.Optional(
    text(
      'what tokens must name as aud, or * for anything; required unless there is a JWT_SECRET, for ' +
        'whoever has a key pair signs for other applications too'
    )
  ),
  JWT_CLOCK_TOLERANCE_SECONDS: integer('how far clocks of token makers may be off', 0, 60, 0),
  JWT_MAX_LIFETIME_SECONDS: integer('how long a token may live', 60, 315_360_000, 2_592_000),
  HOST: text('address to listen on', { default: '127.0.0.1' }),
  PORT: integer('port to listen on', 0, 65_535, 3000),
  METRICS_PORT: Type.Optional(
    Type.Integer({
      description: 'port of their own that metrics are read on; unset means PORT, by METRICS_TOKEN',
      minimum: 0,
      maximum: 65_535
    })
  ),
  METRICS_HOST: text('address to listen on there', { default: '127.0.0.1' }),
  METRICS_TOKEN: Type.Optional(text('bearer token by which metrics are read, at least 32 bytes')),
  TRUSTED_PROXIES: text(
    'addresses of proxies whose X-Forwarded-* headers are believed, as CIDRs, separated by commas',
    { default: '' }
  ),
  CORS_ORIGINS: text('origins whose pages may call the API, separated by commas', { default: '' }),
  DRAIN_SECONDS: integer('how long it serves on after SIGTERM, no longer ready', 0, 60, 5),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    description: 'least severe log line that is written',
    default: 'info'
  }),
  GRANT_SECONDS: integer('how long a grant may be used to start sending', 30, 900, 300),
  CONFIRM_SECONDS: integer('how long after that the bytes may still be confirmed', 0, 3600, 300),
  URL_SECONDS: integer('how long a signed avatar URL lives', 60, 86_400, 3600),
  AVATAR_ACCESS: Type.Enum(['token', 'public'], {
    description: 'who may use /avatars/:userId: holders of a token, or everybody',
    default: 'token'
  }),
  CACHE_SECONDS: integer('how long a reader may keep an answer about an avatar', 0, 3600, 60),
  AVATAR_MAX_BYTES: integer('largest avatar', 1, 50 * MiB, 5 * MiB),
  AVATAR_MAX_PIXELS: integer(
    'most pixels of an avatar, width × height',
    1,
    268_435_456,
    16_777_216
  ),
  AVATAR_CONTENT_TYPES: text('accepted types, separated by commas', {
    pattern: '^image/(jpeg|png|webp|gif|avif)(,image/(jpeg|png|webp|gif|avif))*$',
    default: 'image/jpeg,image/png,image/webp,image/gif,image/avif'
  }),
  LOCATION_METADATA: Type.Enum(['refuse', 'allow'], {
    description: 'what to do with a picture that says where it was taken',
    default: 'refuse'
  }),
  OPEN_UPLOADS_PER_USER: integer('uploads a user may have open at once', 1, 1000, 10),
  CONFIRM_DEADLINE_MS: integer('how long a confirm may take in all', 100, 120_000, 20_000),
  RATE_CREATES_PER_MINUTE: integer('uploads a user may create in a minute', ...RATE, 20),
  RATE_CONFIRMS_PER_MINUTE: integer('confirms and deletions of a user in a minute', ...RATE, 120),
  RATE_READS_PER_MINUTE: integer('reads of a user in a minute', ...RATE, 3000),
  RATE_ADDRESS_PER_MINUTE: integer('requests of an address without a token', ...RATE, 6000),
  REDIS_URL: Type.Optional(text('Redis by which instances count together; unset means each alone')),
  CONFIRMS_AT_ONCE: integer('confirms an instance works on at once', 1, 10_000, 64),
  SHED_DELAY_MS: integer('delay of the event loop from which requests are refused', 0, 60_000, 500),
  SHED_HEAP_MB: integer('heap in use from which requests are refused', 0, 1_000_000, 0),
  SHED_RSS_MB: integer('resident memory from which requests are refused', 0, 1_000_000, 0),
  JANITOR: Type.Enum(['on', 'off'], {
    description: 'whether this instance deletes what is no longer referenced',
    default: 'on'
  }),
  SWEEP_SECONDS: integer('time between two sweeps, give or take half', 1, 300, 60),
  RECONCILE_SECONDS: integer('time between two walks through the bucket', 60, 604_800, 43_200),
  STRAY_GRACE_SECONDS: integer(
    'age at which an object that no row knows is deleted',
    3600,
    604_800,
    43_200
  ),
  RETENTION_DAYS: integer('how long rows are kept after their bytes are gone', 1, 3650, 7),
  TOMBSTONE_DAYS: integer('how long tokens from before an erasure are known', 1, 3650, 90)
})
export type Settings = Static<typeof Settings>
