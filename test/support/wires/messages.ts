// Postgres's messages cut out of a stream of bytes, and the few of them that are read or made.

export interface Message {
  /** The letter, or '' for the ones that open a connection, which have none. */
  type: string
  bytes: Buffer
}

/** Gives the messages that are complete so far; `opening` until the first typed one is due. */
export function messageReader(opening: boolean) {
  let rest: Buffer = Buffer.alloc(0)
  let untyped = opening
  return function* read(chunk: Buffer): Generator<Message> {
    rest = rest.length ? Buffer.concat([rest, chunk]) : chunk
    for (;;) {
      const head = untyped ? 0 : 1
      if (rest.length < head + 4) return
      const length = head + rest.readUInt32BE(head)
      if (rest.length < length) return
      const bytes = rest.subarray(0, length)
      rest = rest.subarray(length)
      const type = untyped ? '' : String.fromCharCode(bytes[0]!)
      // Only the start of a session is followed by typed messages; requests for TLS and for
      // cancelling are not.
      if (untyped && bytes.readUInt16BE(4) === 3) untyped = false
      yield { type, bytes }
    }
  }
}

/** The texts a Query, Parse or Bind begins with. */
export function texts({ bytes }: Message): [string, string] {
  const end = bytes.indexOf(0, 5)
  return [
    bytes.toString('utf8', 5, end),
    bytes.toString('utf8', end + 1, bytes.indexOf(0, end + 1))
  ]
}

export function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`)
  const head = Buffer.alloc(5)
  head.write('Q')
  head.writeUInt32BE(text.length + 4, 1)
  return Buffer.concat([head, text])
}
