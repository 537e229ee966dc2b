// An S3 that says nothing: its answers have the size that those of a confirm have.

import { createServer } from 'node:http'

const RANGE = Buffer.alloc(65_536)
const COPIED = `<CopyObjectResult>${'x'.repeat(200)}</CopyObjectResult>`

const server = createServer((request, reply) => {
  if (request.method === 'HEAD') reply.end()
  else reply.end(request.method === 'GET' ? RANGE : COPIED)
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.once('disconnect', () => process.exit())
