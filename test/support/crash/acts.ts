// What can happen at a moment, and at which moments it can.

import type { Moment, Verdict } from '../wires/board.ts'
import type { Instance } from './world.ts'

export type ActName = keyof typeof acts

interface Act {
  /** Whether it can happen at this moment. */
  fits: (moment: Moment) => boolean
  perform: (instance: Instance) => Verdict | Promise<Verdict>
}

const isBefore = ({ when }: Moment) => when === 'before'
const isAfter = ({ when }: Moment) => when === 'after'
const isPostgres = ({ wire }: Moment) => wire === 'postgres'

export const acts = {
  /** The process dies. */
  crash: {
    fits: () => true,
    perform: async (instance): Promise<Verdict> => {
      await instance.kill()
      return 'cut'
    }
  },
  /** It is asked for, but the connection ends before it arrives. */
  'lost request': { fits: isBefore, perform: (): Verdict => 'cut' },
  /** It is performed, but the connection ends before the answer arrives. */
  'lost answer': { fits: isAfter, perform: (): Verdict => 'cut' },
  /** Postgres chooses this transaction as the one to yield (F34). */
  'error 40001': {
    fits: (at) => isBefore(at) && isPostgres(at),
    perform: (): Verdict => ({ fail: '40001' })
  },
  /** Postgres ends the session (F32, F35). */
  'error 57P01': {
    fits: (at) => isBefore(at) && isPostgres(at),
    perform: (): Verdict => ({ fail: '57P01' })
  },
  /** S3 answers 503, once: without doing it, or having done it. */
  'error 503': { fits: (at) => !isPostgres(at), perform: (): Verdict => ({ fail: '503' }) },
  /** Postgres and S3 cannot be reached from here on (F31). */
  outage: {
    fits: isBefore,
    perform: ({ board }): Verdict => {
      board.cut()
      return 'cut'
    }
  },
  /** Held as long as the others need, then it goes on. */
  delay: { fits: isBefore, perform: (): Verdict => 'pass' },
  /** Held until everybody has given up on it, the janitor too; then it arrives (F16). */
  stall: { fits: isBefore, perform: (): Verdict => 'pass' }
} satisfies Record<string, Act>
