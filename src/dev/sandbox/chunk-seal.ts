// The chain of signatures of a body signed chunk by chunk.

import { createHash } from 'node:crypto'

import type { Signed } from './authenticate.ts'
import type { ChunkSeal } from './aws-chunked.ts'
import type { Deps } from './deps.ts'
import { S3Error } from './errors.ts'
import { sameSignature, signerOf } from './signer.ts'

/** Rule: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
export function chunkSeal(deps: Deps, { signature, signedAt }: Signed): ChunkSeal {
  const signer = signerOf(deps)
  const longDate = signedAt.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${longDate.slice(0, 8)}/${deps.region}/s3/aws4_request`
  let previous = signature
  let chunk = createHash('sha256')

  async function check(kind: string, hashes: string[], given: string) {
    const text = [`AWS4-HMAC-SHA256-${kind}`, longDate, scope, previous, ...hashes].join('\n')
    const expected = await signer.sign(text, { signingDate: signedAt })
    if (!sameSignature(expected, given)) throw new S3Error('SignatureDoesNotMatch')
    previous = expected
  }

  return {
    update: (bytes) => void chunk.update(bytes),
    endChunk: async (given) => {
      const hashed = chunk.digest('hex')
      chunk = createHash('sha256')
      await check('PAYLOAD', [sha256(''), hashed], given)
    },
    endTrailers: (trailers, given) => check('TRAILER', [sha256(trailers)], given)
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
