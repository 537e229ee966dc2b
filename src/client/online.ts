// Waiting for the network to come back, where the browser knows that it is gone.

/** At once unless the browser is offline; then when it is online again, or after so long. */
export function online(atMostMs: number): Promise<void> {
  return new Promise((done) => {
    if (globalThis.navigator?.onLine !== false) return done()
    addEventListener('online', () => done(), { once: true })
    setTimeout(done, atMostMs)
  })
}
