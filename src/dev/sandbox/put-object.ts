// PutObject: the bytes of a request become the object, all of them or nothing.

import { type Answer, checksumHeaders, quoted } from './answer.ts'
import type { Signed } from './authenticate.ts'
import { type Call, parameter } from './call.ts'
import { checkWriteConditions } from './conditions.ts'
import type { Deps } from './deps.ts'
import { metadataOf } from './metadata.ts'
import { receive } from './payload.ts'
import type { Bucket } from './store.ts'

export async function putObject(
  deps: Deps,
  call: Call,
  bucket: Bucket,
  signed: Signed
): Promise<Answer> {
  const { key } = call
  const headers = metadataOf(
    { ...hoistedMetadata(call), ...call.headers },
    deps.lies.has('unsigned-headers')
  )
  const checkConditions = () => {
    if (deps.lies.has('put-if-none-match')) return
    checkWriteConditions(call.headers, bucket.objects.get(key))
  }
  checkConditions()
  const draft = await bucket.draft()
  try {
    const received = await receive(deps, call, signed, draft)
    checkConditions() // somebody may have been faster
    draft.commit({ key, ...received, headers, lastModifiedMs: deps.now().getTime() })
    return { status: 200, headers: { etag: quoted(received), ...checksumHeaders(received) } }
  } finally {
    draft.discard()
  }
}

// Presigners move x-amz-* headers into the query; S3 heeds those that describe the object.
function hoistedMetadata(call: Call): Record<string, string> {
  const names = Object.keys(call.query).filter((name) => /^x-amz-(meta-|acl$)/i.test(name))
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), parameter(call, name)!]))
}
