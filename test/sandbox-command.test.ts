// `directo sandbox`: flags, what it prints, how it ends.

import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import t from 'tap'

import { clientOf } from './support/sandbox.ts'
import { runSandbox, startSandboxProcess } from './support/sandbox-process.ts'

t.test('it prints what a shell needs, and works with it', async (t) => {
  const server = await startSandboxProcess(
    t,
    ...['--port', '0', '--bucket', 'one', '--bucket', 'two', '--access-key', 'key'],
    ...['--secret-key', "it's a secret", '--region', 'eu-west-1']
  )
  t.match(server.exported, {
    S3_ENDPOINT: /^http:\/\/127\.0\.0\.1:\d+$/,
    S3_BUCKET: 'one',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'key'
  })
  t.match(server.printed, `export AWS_SECRET_ACCESS_KEY='it'\\''s a secret'\n`)
  const credentials = { accessKeyId: 'key', secretAccessKey: "it's a secret" }
  const s3 = clientOf(t, { ...server, credentials })
  await s3.send(new PutObjectCommand({ Bucket: 'two', Key: 'a', Body: 'x' }))
  await s3.send(new GetObjectCommand({ Bucket: 'two', Key: 'a' }))

  const { port } = new URL(server.endpoint)
  const second = await runSandbox('--port', port)
  t.match(second, { code: 1, stdout: '', stderr: /^directo sandbox: address already in use .*\n$/ })
  t.equal(await server.stop('SIGTERM'), 0)
})

t.test('Ctrl-C ends it cleanly', async (t) => {
  const server = await startSandboxProcess(t, '--port', '0')
  t.equal(server.exported.S3_BUCKET, 'directo')
  t.equal(await server.stop('SIGINT'), 0)
})

t.test('mistakes get one line and exit code 1, help gets 0', async (t) => {
  const [help, ...mistakes] = await Promise.all([
    runSandbox('--help'),
    runSandbox('--prot', '1'),
    runSandbox('--port', '99999'),
    runSandbox('--port', 'x'),
    runSandbox('--port', '0', '--bucket', 'No'),
    runSandbox('--port', '0', '--folder', '/dev/null/x')
  ])
  t.match(help, { code: 0, stdout: /--secret-key/, stderr: '' })
  for (const mistake of mistakes) {
    t.match(mistake, { code: 1, stdout: '', stderr: /^directo sandbox: .*\n$/ })
  }
})
