// Where a Chromium is on this machine.

import { existsSync } from 'node:fs'

const USUAL = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
]

export const MISSING =
  'skipped: there is no Chromium. Install one (apt-get install chromium), or name it in CHROMIUM_PATH'

/** Its path, from CHROMIUM_PATH or the usual places; null where there is none. */
export const chromium =
  [process.env.CHROMIUM_PATH, ...USUAL].find((path) => path && existsSync(path)) ?? null
