// What a vendor has instead of S3's call for CORS or lifecycle rules, ready to be pasted.

import type { Config } from '../config.ts'

type Form = (config: Config) => string

const forms: Record<string, Partial<Record<'cors' | 'lifecycle', Form>>> = {
  // One setting for all buckets of the server.
  minio: {
    cors: ({ corsOrigins }) =>
      lines(
        `mc admin config set ALIAS api cors_allow_origin=${corsOrigins.join()}`,
        'mc admin service restart ALIAS',
        `or, where the server is started: MINIO_API_CORS_ALLOW_ORIGIN=${corsOrigins.join()}`
      )
  },
  b2: {
    cors: ({ corsOrigins, s3 }) => {
      const rule = {
        corsRuleName: 'directo',
        allowedOrigins: corsOrigins,
        allowedOperations: ['s3_get', 's3_head', 's3_put'],
        allowedHeaders: ['*'],
        exposeHeaders: ['etag'],
        maxAgeSeconds: 3600
      }
      return lines(`b2 bucket update --cors-rules '${JSON.stringify([rule])}' ${s3.bucket}`, ALL)
    },
    // It keeps every version: what is deleted is hidden, and only such a rule removes its bytes.
    lifecycle: ({ s3 }) => {
      const rules = [
        b2Rule('staging/', 1), // uploads nobody finished
        b2Rule('avatars/', null)
      ]
      const options = rules.map((rule) => `--lifecycle-rule '${JSON.stringify(rule)}'`)
      return lines(`b2 bucket update ${options.join(' ')} ${s3.bucket}`, ALL)
    }
  }
}

const ALL = 'It replaces all such rules of the bucket: add those that are to stay.'

const b2Rule = (fileNamePrefix: string, daysFromUploadingToHiding: number | null) => ({
  fileNamePrefix,
  daysFromUploadingToHiding,
  daysFromHidingToDeleting: 1
})

const lines = (...all: string[]) => all.map((line) => `    ${line}`).join('\n')

/** The text that the configured store needs for this, or null where S3's call is right. */
export function vendorForm(form: 'cors' | 'lifecycle' | undefined, config: Config) {
  const { name } = config.s3.store
  if (!form || !Object.hasOwn(forms, name)) return null
  if (form === 'cors' && config.corsOrigins.length === 0) return null
  return forms[name]?.[form]?.(config) ?? null
}
