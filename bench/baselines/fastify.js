// The least that an HTTP answer costs: Fastify and nothing else.

import fastify from 'fastify'

const app = fastify()
app.get('/', async () => ({ ok: true }))
await app.listen({ host: '127.0.0.1', port: process.env.PORT })
