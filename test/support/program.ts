// A long run that is no test: what it starts ends with it, and it ends whatever happens.

const ended: (() => unknown)[] = []

/** Takes what is to be done at the end, as a test's teardown does; the last comes first. */
export const ends = { teardown: (end: () => unknown) => void ended.push(end) }

/** Runs, ends everything and then the process: status 0 when the run says that all was well. */
export async function runProgram(run: () => Promise<boolean>) {
  try {
    process.exitCode = (await run()) ? 0 : 1
  } catch (err) {
    console.error(err)
    process.exitCode = 1
  }
  for (const end of ended.reverse()) await Promise.resolve().then(end).catch(console.error)
  process.exit() // after a failure the load would go on for ever
}
