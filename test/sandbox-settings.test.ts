// A bucket's settings, and what CORS rules do to preflights and answers.

import {
  type CORSRule,
  DeleteBucketCorsCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeletePublicAccessBlockCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import t from 'tap'

import { readXml } from '../src/dev/sandbox/xml.ts'
import { BUCKET, sendSigned, startTestSandbox } from './support/sandbox.ts'

const Bucket = BUCKET
const APP = 'https://app.example'

t.test('lifecycle rules are kept, given back and removed', async (t) => {
  const { s3 } = await startTestSandbox(t)
  const get = () => s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
  const put = (Rules: LifecycleRule[]) =>
    s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })
    )
  await t.rejects(get(), { name: 'NoSuchLifecycleConfiguration' })
  const rule: LifecycleRule = {
    ...{ ID: 'staging', Status: 'Enabled', Filter: { Prefix: 'staging/' } },
    Expiration: { Days: 1 }
  }
  await put([rule])
  t.same((await get()).Rules, [rule])
  await t.rejects(put([{ ...rule, Expiration: { Days: 0 } }]), { name: 'InvalidArgument' })
  await t.rejects(put([{ ...rule, Status: 'On' as 'Enabled' }]), { name: 'MalformedXML' })
  await t.rejects(put([]), { name: 'MalformedXML' })
  t.same((await get()).Rules, [rule])
  await s3.send(new DeleteBucketLifecycleCommand({ Bucket }))
  await t.rejects(get(), { name: 'NoSuchLifecycleConfiguration' })
})

t.test('CORS rules', async (t) => {
  const { s3, sandbox } = await startTestSandbox(t)
  const put = (CORSRules: CORSRule[]) =>
    s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  const url = `${sandbox.endpoint}/${BUCKET}/a`
  const preflight = async (origin: string, method: string, headers = '', target = url) => {
    const sent: Record<string, string> = { origin, 'access-control-request-method': method }
    if (headers) sent['access-control-request-headers'] = headers
    const answer = await fetch(target, { method: 'OPTIONS', headers: sent })
    return { status: answer.status, body: await answer.text(), headers: answer.headers }
  }
  const rule: CORSRule = {
    AllowedOrigins: [APP, 'https://*.example.org'],
    AllowedMethods: ['POST', 'GET'],
    AllowedHeaders: ['content-type', 'x-amz-*'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 600
  }

  t.test('are kept, given back and removed', async (t) => {
    const get = () => s3.send(new GetBucketCorsCommand({ Bucket }))
    await t.rejects(get(), { name: 'NoSuchCORSConfiguration' })
    t.match(await preflight(APP, 'POST'), { status: 403, body: /not enabled/ })
    await put([rule])
    t.same((await get()).CORSRules, [rule])
    await s3.send(new DeleteBucketCorsCommand({ Bucket }))
    await t.rejects(get(), { name: 'NoSuchCORSConfiguration' })
  })

  t.test('are refused when they make no sense', async (t) => {
    const wrong = (change: Partial<CORSRule>, name: string) =>
      t.rejects(put([{ ...rule, ...change }]), { name })
    await wrong({ AllowedMethods: ['PATCH'] }, 'InvalidRequest')
    await wrong({ AllowedOrigins: ['https://*.*'] }, 'InvalidRequest')
    await wrong({ AllowedOrigins: [] }, 'MalformedXML')
    await wrong({ AllowedMethods: [] }, 'MalformedXML')
    await t.rejects(put([]), { name: 'MalformedXML' })
    for (const body of ['', 'x', '<a>', '<a></b>', '<CORSConfiguration/>', '</a>', '<a/><a/>']) {
      const request = { method: 'PUT', path: `/${BUCKET}?cors`, body }
      t.match(await sendSigned(sandbox, request), { code: 'MalformedXML' }, body)
    }
    const endless = { method: 'PUT', path: `/${BUCKET}?cors`, body: ' '.repeat(3_000_000) }
    t.match(await sendSigned(sandbox, endless), { code: 'MalformedXML' })
  })

  t.test('decide on preflights', async (t) => {
    await put([rule, { AllowedOrigins: ['*'], AllowedMethods: ['HEAD'] }])
    const allowed = await preflight(APP, 'POST', 'Content-Type, X-Amz-Date')
    t.equal(allowed.status, 200)
    t.match(Object.fromEntries(allowed.headers), {
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'POST, GET',
      'access-control-allow-headers': 'content-type, x-amz-date',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'ETag',
      'access-control-max-age': '600',
      vary: /Origin/
    })
    const anybody = await preflight('https://evil.example', 'HEAD')
    t.equal(anybody.headers.get('access-control-allow-origin'), '*')
    t.equal(anybody.headers.get('access-control-allow-credentials'), null)
    t.equal((await preflight('https://x.example.org', 'GET')).status, 200)
    t.equal((await preflight(APP, 'POST', '', `${sandbox.endpoint}/${BUCKET}`)).status, 200)
    for (const refused of [
      await preflight('https://evil.example', 'POST'),
      await preflight(`${APP}.evil.example`, 'POST'),
      await preflight('https://example.org', 'POST'),
      await preflight(APP, 'PUT'),
      await preflight(APP, 'POST', 'authorization'),
      await preflight('https://evil.example', 'HEAD', 'x-amz-date'),
      await preflight(APP, 'POST', '', `${sandbox.endpoint}/nowhere`)
    ]) {
      t.equal(refused.status, 403)
      t.equal(refused.headers.get('access-control-allow-origin'), null)
    }
    t.equal((await fetch(url, { method: 'OPTIONS' })).status, 400)
    t.match(sandbox.requests.at(-1), { verb: 'Preflight' })
  })

  t.test('add headers to every answer, errors too', async (t) => {
    await put([rule])
    await sandbox.door.put(BUCKET, 'a', 'hello')
    const signedUrl = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'a' }))
    const allowedFor = async (target: string, origin: string) =>
      (await fetch(target, { headers: { origin } })).headers.get('access-control-allow-origin')
    t.equal(await allowedFor(signedUrl, APP), APP)
    t.equal(await allowedFor(url, APP), APP, 'a 403')
    t.equal(await allowedFor(signedUrl, 'https://evil.example'), null)
    await put([{ ...rule, ExposeHeaders: ['not a header \u{1f600}'] }])
    const broken = await fetch(signedUrl, { headers: { origin: APP } })
    t.equal(broken.status, 500, 'what cannot be a header does not end the sandbox')
  })
})

t.test('the XML reader takes what clients write', async (t) => {
  const text = (xml: string) => readXml(xml)?.text
  t.equal(text('\ufeff<?xml version="1.0"?><!-- x --><a x="1">b</a>\n'), 'b')
  t.equal(text('<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F600;&nbsp;</a>'), '<&>"\'A\u{1f600}&nbsp;')
  t.equal(text('<a><![CDATA[<&]]></a>'), '<&')
  t.equal(text('<a>&#x110000;</a>'), '\u{10ffff}')
  t.same(readXml('<s3:a xmlns:s3="x"><s3:b/></s3:a>'), {
    ...{ name: 'a', text: '' },
    children: [{ name: 'b', text: '', children: [] }]
  })
  for (const wrong of ['', 'a', '<a', '<a>', 'x<a/>', '<a/>x', '<a><b></a></b>']) {
    t.equal(readXml(wrong), null, wrong)
  }
})

t.test(
  'what is said of public access and encryption is kept, given back and removed',
  async (t) => {
    const { s3, sandbox } = await startTestSandbox(t)
    const access = { BlockPublicAcls: true, RestrictPublicBuckets: false }
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }
    const getAccess = () => s3.send(new GetPublicAccessBlockCommand({ Bucket }))
    const getEncryption = () => s3.send(new GetBucketEncryptionCommand({ Bucket }))
    const noAccess = { name: 'NoSuchPublicAccessBlockConfiguration' }
    const noEncryption = { name: 'ServerSideEncryptionConfigurationNotFoundError' }
    await t.rejects(getAccess(), noAccess)
    await t.rejects(getEncryption(), noEncryption)

    const PublicAccessBlockConfiguration = access
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }))
    const ServerSideEncryptionConfiguration = { Rules: [rule] }
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }))

    t.match((await getAccess()).PublicAccessBlockConfiguration, access)
    t.match((await getEncryption()).ServerSideEncryptionConfiguration, { Rules: [rule] })
    for (const name of ['publicAccessBlock', 'encryption']) {
      const request = { method: 'PUT', path: `/${BUCKET}?${name}`, body: '<Other/>' }
      t.match(await sendSigned(sandbox, request), { code: 'MalformedXML' })
    }
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }))
    await s3.send(new DeleteBucketEncryptionCommand({ Bucket }))
    await t.rejects(getAccess(), noAccess)
    await t.rejects(getEncryption(), noEncryption)
  }
)
