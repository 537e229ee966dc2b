// Waiting for the network to come back, where the browser knows that it is gone.

export const isOffline = () => globalThis.navigator?.onLine === false

/** At once unless the browser is offline; then when it is online again, or after so long. */
export function online(atMostMs: number): Promise<void> {
  return new Promise((done) => {
    if (!isOffline()) return done()
    addEventListener('online', () => done(), { once: true })
    setTimeout(done, atMostMs)
  })
}
