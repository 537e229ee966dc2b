// What the page says when nothing works: that one is offline, or that the service is gone.

import { byId } from './dom.ts'

const OFFLINE = 'You are offline. What you do goes on when the connection is back.'
const GONE = 'Directo does not answer. Is npm run dev still running?'
const AGAIN_MS = 2000

/** Keeps the notice true; `onBack` is called when the service answers again after it did not. */
export function watchService(onBack: () => void) {
  const notice = byId('notice')
  let timer: ReturnType<typeof setTimeout> | undefined
  const say = (text: string) => {
    notice.textContent = text
    notice.hidden = text === ''
  }
  const look = async () => {
    clearTimeout(timer)
    const isBack = await answers()
    const wasGone = !notice.hidden
    say(isBack ? '' : navigator.onLine ? GONE : OFFLINE)
    if (!isBack) timer = setTimeout(look, AGAIN_MS)
    else if (wasGone) onBack()
  }
  addEventListener('offline', look)
  addEventListener('online', look)
  return { look }
}

async function answers() {
  if (!navigator.onLine) return false
  return fetch('/health/live').then(
    ({ ok }) => ok,
    () => false
  )
}
