// The single things a store can be told not to enforce, each by its own name.

export const lies = [
  // anything signed
  'signature', // any signature will do, and none
  'url-expiry', // presigned URLs live for ever
  'unsigned-headers', // x-amz-* headers count without being signed
  // presigned PUT
  'put-content-type', // a PUT of another type than the signed one is stored
  'put-content-length', // a PUT of another length than the signed one (by up to 256 bytes) is stored
  'put-if-none-match', // a second PUT overwrites, whatever If-None-Match or If-Match say
  // POST policies
  'policy-signature', // a tampered policy or signature is believed
  'policy-expiry',
  'policy-key', // conditions on key are ignored
  'policy-content-type',
  'policy-length', // content-length-range is ignored
  'policy-other', // conditions on all other fields are ignored
  'policy-coverage', // fields that no condition names are stored
  // bytes
  'checksum', // Content-MD5 and x-amz-checksum-* are not compared
  // copies and reads
  'copy-conditions',
  'copy-metadata', // x-amz-metadata-directive: REPLACE copies the source's metadata
  'get-conditions',
  'range', // a ranged GET is answered with 200 and the whole object
  'response-overrides'
] as const

export type Lie = (typeof lies)[number]
