// DeleteObject and DeleteObjects: what is not there counts as deleted.

import { type Answer, xmlAnswer } from './answer.ts'
import type { Signed } from './authenticate.ts'
import type { Call } from './call.ts'
import type { Deps } from './deps.ts'
import { describeError, S3Error } from './errors.ts'
import { receiveText } from './payload.ts'
import type { Bucket } from './store.ts'
import { children, childText, readXml } from './xml.ts'

export async function deleteObject(_deps: Deps, { key }: Call, bucket: Bucket): Promise<Answer> {
  bucket.remove(key)
  return { status: 204 }
}

export async function deleteObjects(
  deps: Deps,
  call: Call,
  bucket: Bucket,
  signed: Signed
): Promise<Answer> {
  const document = readXml(await receiveText(deps, call, signed))
  const keys = document ? children(document, 'Object').map((one) => childText(one, 'Key')) : []
  if (document?.name !== 'Delete' || keys.length === 0 || keys.length > 1000) {
    throw new S3Error('MalformedXML')
  }
  const deleted: { Key: string }[] = []
  const failed: { Key: string; Code: string; Message: string }[] = []
  for (const key of keys) {
    if (!key) throw new S3Error('MalformedXML')
    const code = deps.misbehave.refusesDeleting(key)
    if (code) failed.push({ Key: key, Code: code, Message: describeError(code).message })
    else {
      bucket.remove(key)
      deleted.push({ Key: key })
    }
  }
  const quiet = childText(document, 'Quiet')?.trim() === 'true'
  return xmlAnswer('DeleteResult', { Deleted: quiet ? [] : deleted, Error: failed })
}
