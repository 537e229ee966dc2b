// How much a test does. npm test stays quick; .ci/run sets FUZZ, and then nothing is left out.

export const isThorough = Boolean(process.env.FUZZ)

/** How many times as many random inputs. */
export const FUZZ = Number(process.env.FUZZ || 1)

/** An option of a test that repeats, at length, what others show. */
export const atLength = { skip: !isThorough && 'FUZZ=1 npm test runs it, and so does .ci/run' }
