// Preloaded into every server that is measured: it says what the process has used so far.

import { offer } from './remote.ts'

const functions = {
  /** Microseconds of CPU, user and system, of all threads; and resident bytes. */
  usage() {
    const { user, system } = process.cpuUsage()
    return { cpuMicros: user + system, residentBytes: process.memoryUsage.rss() }
  }
}
export type ProbeFunctions = typeof functions

offer(functions)
