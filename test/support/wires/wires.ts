// All wires of one instance, and the settings that make it use them.

import { environmentOf } from '../../../src/dev/environment.ts'
import type { Sandbox } from '../../../src/dev/sandbox/server.ts'
import { BUCKET } from '../app.ts'
import type { Ends } from '../process.ts'
import { startBoard } from './board.ts'
import { startPostgresWire } from './postgres.ts'
import { startS3Wire } from './s3.ts'

export async function startWires(t: Ends, databaseUrl: string, sandbox: Sandbox) {
  const board = startBoard()
  const environment = {
    ...environmentOf(sandbox, BUCKET),
    DATABASE_URL: await startPostgresWire(t, board, databaseUrl),
    S3_ENDPOINT: await startS3Wire(t, board, sandbox.endpoint),
    S3_PUBLIC_ENDPOINT: sandbox.endpoint
  }
  return { board, environment }
}
