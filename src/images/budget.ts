// What reading one file may cost, so that no file is expensive to refuse.

import { malformed, Stop } from './stop.ts'

const STEPS = 256 * 1024 // two for each byte that can be seen
const BYTES = 2 * 1024 * 1024 // each byte that can be seen, sixteen times over

export class Budget {
  #steps = STEPS
  #bytes = BYTES

  /** One turn of a loop that the file controls (GHSA-w3rx-r6r6-pgpr: loops without an end). */
  step() {
    this.#steps -= 1
    if (this.#steps < 0) throw malformed('The file is made of more parts than are read.')
  }

  /** Bytes to be searched, summed or inflated, before that is done. */
  spend(bytes: number) {
    this.#bytes -= bytes
    if (this.#bytes < 0) {
      throw new Stop('HEADER_TOO_LARGE', 'The file holds more metadata than is read.')
    }
  }

  /** How many bytes may still be spent. */
  get bytes(): number {
    return this.#bytes
  }
}
