// Which proxies are believed when they say for whom they ask.

import { isIP } from 'node:net'

interface ProxySettings {
  TRUSTED_PROXIES?: string
}

/** Addresses and ranges for Fastify's `trustProxy`; false when nobody is believed. */
export function proxiesOf(settings: ProxySettings) {
  const ranges = rangesOf(settings)
  return ranges.length > 0 ? ranges : false
}

/** A sentence for each that is neither an address nor a range. */
export function proxyProblems(settings: ProxySettings) {
  return rangesOf(settings)
    .filter((range) => !isRange(range))
    .map((range) => `TRUSTED_PROXIES: "${range}" is not an address or a range such as 10.0.0.0/8`)
}

const rangesOf = ({ TRUSTED_PROXIES = '' }: ProxySettings) =>
  TRUSTED_PROXIES.split(',')
    .map((range) => range.trim())
    .filter(Boolean)

// A range of everybody would let each caller choose an address.
function isRange(range: string) {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(range) ?? []
  const family = isIP(address)
  if (family === 0) return false
  return bits === undefined || (Number(bits) > 0 && Number(bits) <= (family === 4 ? 32 : 128))
}
