// A bucket's settings, such as CORS rules: checked when put, kept as they came, given back.

import { type Answer, xmlText } from './answer.ts'
import type { Signed } from './authenticate.ts'
import type { Call } from './call.ts'
import { readCorsRules } from './cors.ts'
import type { Deps } from './deps.ts'
import { type ErrorCode, S3Error } from './errors.ts'
import { receiveText } from './payload.ts'
import type { Bucket, Settings } from './store.ts'
import { children, childText, readXml } from './xml.ts'

type Handler = (deps: Deps, call: Call, bucket: Bucket, signed: Signed) => Promise<Answer>

export const cors = handlersOf('cors', 'NoSuchCORSConfiguration', readCorsRules)
export const lifecycle = handlersOf('lifecycle', 'NoSuchLifecycleConfiguration', checkLifecycle)
// Nothing here is public, and nothing encrypted: both are kept for those who ask.
export const publicAccess = handlersOf(
  'publicAccess',
  'NoSuchPublicAccessBlockConfiguration',
  (xml) => checkRoot(xml, 'PublicAccessBlockConfiguration')
)
export const encryption = handlersOf(
  'encryption',
  'ServerSideEncryptionConfigurationNotFoundError',
  (xml) => checkRoot(xml, 'ServerSideEncryptionConfiguration')
)

function handlersOf(name: keyof Settings, missing: ErrorCode, check: (xml: string) => unknown) {
  const get: Handler = async (_deps, _call, bucket) => {
    const xml = bucket.settings[name]
    if (xml === undefined) throw new S3Error(missing)
    return xmlText(xml)
  }
  const put: Handler = async (deps, call, bucket, signed) => {
    const xml = await receiveText(deps, call, signed)
    check(xml)
    bucket.configure({ ...bucket.settings, [name]: xml })
    return { status: 200 }
  }
  const remove: Handler = async (_deps, _call, bucket) => {
    const { [name]: _, ...others } = bucket.settings
    bucket.configure(others)
    return { status: 204 }
  }
  return { get, put, remove }
}

function checkRoot(xml: string, name: string) {
  const document = readXml(xml)
  if (document?.name !== name) throw new S3Error('MalformedXML')
  return document
}

// The rules are stored, never carried out.
function checkLifecycle(xml: string) {
  const document = checkRoot(xml, 'LifecycleConfiguration')
  const rules = children(document, 'Rule')
  if (rules.length === 0 || rules.length > 1000) throw new S3Error('MalformedXML')
  for (const rule of rules) {
    if (!/^(Enabled|Disabled)$/.test(childText(rule, 'Status') ?? '')) {
      throw new S3Error('MalformedXML')
    }
    const days = children(rule, 'Expiration').map((expiration) => childText(expiration, 'Days'))
    if (days.every((one) => one === undefined || /^[1-9]\d*$/.test(one))) continue
    const message = "'Days' for Expiration action must be a positive integer"
    throw new S3Error('InvalidArgument', message)
  }
}
