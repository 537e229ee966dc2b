// Where no coverage is measured, what a test starts is not watched: tap has every module noted that any
// process loads, which costs a process of the service half as much again.

interface Spawning {
  listeners: unknown[]
}

const spawning = Symbol.for('process-on-spawn@*:singletonId')
const state = (globalThis as unknown as Record<symbol, Spawning | undefined>)[spawning]
if (state) state.listeners.length = 0
delete process.env.NODE_OPTIONS
