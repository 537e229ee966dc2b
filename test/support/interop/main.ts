// The end of npm run test:interop: a table of what the store does.

import { probeAll } from './probes.ts'
import { given, MISSING } from './store.ts'

if (given) {
  console.log(`\n${given.store} at ${given.endpoint}\n`)
  for (const { probe, finding } of await probeAll(given)) {
    const emulated = finding === 'works' || !probe.emulated ? '' : `, emulated: ${probe.emulated}`
    console.log(`  ${probe.name.padEnd(30)}${finding}${emulated}`)
  }
} else {
  console.error(MISSING)
  process.exitCode = 1
}
