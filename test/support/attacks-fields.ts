// Attacks with fields that nobody signed: metadata, permissions, redirects.

import { type Attack, add, attack, denied, form } from './attacks-blocks.ts'

export const fields: Attack[] = [
  ...Object.entries({
    acl: 'public-read',
    'x-amz-acl': 'public-read',
    'Cache-Control': 'public',
    'Content-Disposition': 'inline',
    'Content-Encoding': 'gzip',
    'Content-Language': 'de',
    Expires: 'Wed, 01 Jan 2099 00:00:00 GMT',
    tagging: '<Tagging/>',
    'x-amz-meta-role': 'admin',
    'x-amz-storage-class': 'GLACIER',
    'x-amz-tagging': 'a=b',
    'x-amz-website-redirect-location': 'https://example.com/',
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-object-lock-mode': 'COMPLIANCE',
    'x-amz-grant-read': 'uri=http://acs.amazonaws.com/groups/global/AllUsers',
    success_action_status: '201',
    anything: 'at all',
    __proto__2: 'x',
    constructor: 'x'
  }).map(([name, value]) => attack('T06', `the field ${name}`, denied, add(name, value))),
  attack('T06', 'an empty field', denied, add('acl', '')),
  attack(
    'T06',
    'a session token',
    { status: 400, code: 'InvalidToken' },
    add('x-amz-security-token', 'x')
  ),
  attack(
    'T06',
    'an ACL as a header of the request',
    'harmless',
    form({ headers: { 'x-amz-acl': 'public-read', 'x-amz-meta-role': 'admin' } })
  ),
  attack('T06', 'a field that S3 is told to ignore', 'harmless', add('x-ignore-this', 'x')),

  attack('T07', 'a redirect', denied, add('success_action_redirect', 'https://example.com/')),
  attack('T07', 'a redirect by its old name', denied, add('redirect', 'https://example.com/'))
]
