// Attacks with what nobody signed: headers and parameters of S3, other methods, parts of an object.

import {
  type Attack,
  attack,
  body,
  both,
  denied,
  forged,
  header,
  LIVE_KEY,
  method,
  NEIGHBOUR_KEY,
  parameter,
  place,
  unstorable
} from './attacks-put-blocks.ts'

const amazon = {
  'x-amz-acl': 'public-read',
  'x-amz-grant-read': 'uri=http://acs.amazonaws.com/groups/global/AllUsers',
  'x-amz-grant-full-control': 'id=mallory',
  'x-amz-meta-role': 'admin',
  'x-amz-tagging': 'a=b',
  'x-amz-storage-class': 'GLACIER',
  'x-amz-website-redirect-location': 'https://example.com/',
  'x-amz-object-lock-mode': 'COMPLIANCE',
  'x-amz-object-lock-retain-until-date': '2099-01-01T00:00:00Z',
  'x-amz-object-lock-legal-hold': 'ON',
  'x-amz-server-side-encryption': 'aws:kms',
  'x-amz-server-side-encryption-aws-kms-key-id': 'mallory',
  'x-amz-server-side-encryption-customer-algorithm': 'AES256',
  'x-amz-sdk-checksum-algorithm': 'SHA256',
  'x-amz-expected-bucket-owner': '123456789012',
  'x-amz-request-payer': 'requester',
  'x-amz-date': '20200101T000000Z',
  'x-amz-anything': 'at all'
}

/** What S3 lets anybody add: the copy replaces it. */
const ordinary = {
  'cache-control': 'public, max-age=99',
  'content-disposition': 'attachment; filename=virus.exe',
  'content-encoding': 'gzip',
  'content-language': 'de',
  expires: 'Wed, 01 Jan 2099 00:00:00 GMT',
  origin: 'https://evil.example',
  'x-http-method-override': 'DELETE',
  'x-forwarded-host': 'evil.example',
  'x-original-url': `/${LIVE_KEY}`
}

const subresources = [
  'acl',
  'tagging',
  'versionId',
  'retention',
  'legal-hold',
  'uploadId',
  'partNumber',
  'restore',
  'torrent',
  'renameObject'
]

const part = (name: string, value: string) =>
  `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

export const headers: Attack[] = [
  ...Object.entries(amazon).flatMap(([name, value]) => [
    attack('T10', `the header ${name}`, denied, header(name, value)),
    attack('T10', `the parameter ${name}`, forged, parameter(name, value))
  ]),
  attack('T10', 'a header of Amazon’s in capitals', denied, header('X-AMZ-ACL', 'public-read')),
  attack('T10', 'an empty header', denied, header('x-amz-tagging', '')),
  attack('T10', 'a copy in place of the bytes', denied, async (put, target, key) =>
    header('x-amz-copy-source', `${target.bucket}/${NEIGHBOUR_KEY}`)(put, target, key)
  ),
  attack('T10', 'a session token as a header', denied, header('x-amz-security-token', 'x')),
  ...Object.entries(ordinary).map(([name, value]) =>
    attack('T10', `the ordinary header ${name}`, 'harmless', header(name, value))
  ),

  ...subresources.map((name) =>
    unstorable('T10', `the subresource ${name}`, forged, parameter(name, '1'))
  ),
  unstorable(
    'T10',
    'a part of an upload in parts',
    forged,
    both(parameter('partNumber', '1'), parameter('uploadId', 'x'))
  ),
  unstorable('T10', 'an upload in parts', forged, both(method('POST'), parameter('uploads', ''))),
  unstorable(
    'T10',
    'many deletions',
    forged,
    both(
      method('POST'),
      place((_path, _key, { bucket }) => `/${bucket}`),
      parameter('delete', '')
    )
  ),
  attack('T10', 'one more parameter', forged, parameter('anything', 'at all')),
  attack('T10', 'the name of another operation', forged, parameter('x-id', 'CopyObject')),
  attack('T10', 'a parameter for reading', forged, parameter('response-content-type', 'text/html')),

  ...['POST', 'GET', 'HEAD', 'PATCH'].map((verb) =>
    unstorable(
      'T10',
      `${verb} in place of PUT`,
      verb === 'HEAD' ? { ...forged, code: '' } : forged,
      method(verb)
    )
  ),
  attack(
    'T10',
    'DELETE of a live key',
    forged,
    both(
      method('DELETE'),
      place((path, key) => path.replace(key, LIVE_KEY))
    )
  ),
  attack('T10', 'DELETE of the key', forged, method('DELETE')),
  attack(
    'T10',
    'a form to the bucket',
    denied,
    both(
      method('POST'),
      place((_path, _key, { bucket }) => `/${bucket}`),
      header('content-type', 'multipart/form-data; boundary=x'),
      body(Buffer.from(`${part('key', LIVE_KEY)}${part('file', 'x')}--x--\r\n`))
    )
  )
]
