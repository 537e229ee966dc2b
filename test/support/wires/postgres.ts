// The wire between one instance and Postgres: knows every statement that passes, by name.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

import type { Ends } from '../process.ts'
import type { Board, Moment, Verdict } from './board.ts'
import { type Message, messageReader, queryMessage, texts } from './messages.ts'
import { statementName } from './statements.ts'

/** @returns the URL to give to the instance */
export async function startPostgresWire(t: Ends, board: Board, databaseUrl: string) {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    if (board.isDead) return client.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    const pair = [client, upstream]
    for (const socket of pair) {
      sockets.add(socket)
      socket.setNoDelay()
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    session(board, client, upstream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => sockets.forEach((socket) => void socket.destroy())
  board.onCut(cut)
  t.teardown(() => {
    cut()
    server.close()
  })
  const url = new URL(databaseUrl)
  url.port = `${(server.address() as { port: number }).port}`
  return url.href
}

interface Statement {
  effect: Pick<Moment, 'wire' | 'effect'> | null
  isCommit: boolean
  failed: boolean
  /** It was replaced by one that fails: of its answer only the error is passed on. */
  replaced: boolean
  /** The client has sent all of it. */
  complete: boolean
}

function session(board: Board, client: Socket, upstream: Socket) {
  const prepared = new Map<string, string>()
  const answering: Statement[] = []
  let current: Statement | null = null
  let isOpen = false // the server has said once that it is ready
  let held: Buffer[] = []
  // A client expects to hear that the server is ready after its own Sync, not before.
  let ready: Buffer | null = null

  const cut = () => {
    client.destroy()
    upstream.destroy()
  }

  async function fromClient(message: Message) {
    const { type, bytes } = message
    if (type === 'P') {
      const [name, sql] = texts(message)
      if (name) prepared.set(name, sql)
    }
    if (!current && (type === 'Q' || type === 'P' || type === 'B')) {
      const [first, second] = texts(message)
      const sql = type === 'Q' ? first : type === 'P' ? second : (prepared.get(second) ?? '')
      current = begin(sql)
      const verdict = current.effect
        ? await board.ask({ ...current.effect, when: 'before' })
        : 'pass'
      if (verdict === 'cut') return cut()
      if (verdict !== 'pass') replace(current, verdict)
    }
    const statement = current
    if (statement && (type === 'Q' || type === 'S')) {
      current = null
      statement.complete = true
      if (!statement.replaced) answering.push(statement)
      else if (ready) client.write(ready)
      ready = null
    }
    if (!statement?.replaced) upstream.write(bytes)
  }

  function begin(sql: string): Statement {
    const name = statementName(sql)
    const effect = name === null ? null : board.enter('postgres', name)
    return { effect, isCommit: name === 'commit', failed: false, replaced: false, complete: false }
  }

  // The server itself fails, so what becomes of the transaction is what becomes of it in truth.
  function replace(statement: Statement, { fail }: Exclude<Verdict, string>) {
    statement.replaced = true
    answering.push(statement)
    const raise = `do $$ begin raise exception 'failed on purpose' using errcode = '${fail}'; end $$`
    const sql = fail === '57P01' ? 'select pg_terminate_backend(pg_backend_pid())' : raise
    upstream.write(queryMessage(statement.isCommit ? `rollback; ${sql}` : sql))
  }

  async function fromServer({ type, bytes }: Message) {
    const statement = answering[0]
    if (!isOpen || !statement) {
      if (type === 'Z') isOpen = true
      if (type === 'E' && current) current.failed = true
      return void client.write(bytes)
    }
    if (type === 'E') statement.failed = true
    if (statement.replaced || statement.failed) {
      if (type === 'E') client.write(bytes)
      if (type !== 'Z') return
      answering.shift()
      held = []
      if (statement.complete) client.write(bytes)
      else ready = bytes
      return
    }
    if (type !== 'Z') {
      if (HELD.includes(type)) held.push(bytes)
      else client.write(bytes)
      return
    }
    const verdict = statement.effect
      ? await board.ask({ ...statement.effect, when: 'after' })
      : 'pass'
    if (verdict !== 'pass') return cut()
    answering.shift()
    client.write(Buffer.concat([...held, bytes]))
    held = []
  }

  relay(client, true, fromClient, () => upstream.end())
  relay(upstream, false, fromServer, () => client.destroy())
}

const HELD = '2DCIs' // what only a statement that is carried out answers

// One message after the other: those behind one that is held are held too.
function relay(
  socket: Socket,
  opening: boolean,
  handle: (message: Message) => Promise<void>,
  closed: () => void
) {
  const read = messageReader(opening)
  let line = Promise.resolve()
  socket.on('data', (chunk) => {
    for (const message of read(chunk)) line = line.then(() => handle(message))
  })
  socket.on('close', () => {
    line = line.then(closed)
  })
}
