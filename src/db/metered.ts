// The client with somebody who watches its calls.

import type { Sql } from 'postgres'

import { intercept } from './deadline.ts'
import { operationOf } from './statement.ts'

/** Is told what begins; what it returns is told how that ended. */
export type Meter = (operation: string) => (hasFailed: boolean) => void

/** Each call is told of when it is sent, and when it is answered or given up; a transaction is one. */
export function metered(client: Sql, meter: Meter): Sql {
  return intercept(() => client, {
    unsafe: (text: string, parameters?: Parameters<Sql['unsafe']>[1]) => {
      const query = client.unsafe(text, parameters)
      const observe = (started: () => PromiseLike<unknown>) =>
        observed(started, meter(operationOf(text)))
      const then: Promise<unknown>['then'] = (done, failed) =>
        observe(() => query).then(done, failed)
      return { values: () => observe(() => query.values()), then }
    },
    begin: (work: Parameters<Sql['begin']>[1]) =>
      observed(() => client.begin(work as never), meter('transaction'))
  })
}

async function observed(start: () => PromiseLike<unknown>, end: (hasFailed: boolean) => void) {
  let hasFailed = true
  try {
    const found = await start()
    hasFailed = false
    return found
  } finally {
    end(hasFailed)
  }
}
