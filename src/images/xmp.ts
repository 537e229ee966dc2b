// Finds a position in XMP (XMP part 2, «Exif namespace») without parsing XML.

import type { Budget } from './budget.ts'
import { without } from './without.ts'

// Also DJI's drone-dji:GpsLatitude and its misspelt GpsLongtitude, hence lower case.
const NAME = /gps(?:dest)?(?:lat|longt?)itude/g
const NEAR_CHARS = 64

/** Whether the packet gives a latitude or longitude, as attribute or element, under any prefix. */
export function xmpHasPosition(packet: Buffer, budget: Budget): boolean {
  budget.spend(packet.length)
  const text = asText(packet).toLowerCase()
  for (const { 0: name, index } of text.matchAll(NAME)) {
    budget.spend(2 * NEAR_CHARS)
    if (hasValue(text, index, index + name.length)) return true
  }
  return false
}

// UTF-16 and UTF-32 of either order read as ASCII once their zeros are gone.
const asText = (packet: Buffer) => without(packet, 0).toString('latin1')

function hasValue(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - NEAR_CHARS), start)
  const open = before.lastIndexOf('<')
  if (open >= 0 && before[open + 1] === '/') return false
  const after = text.slice(end, end + NEAR_CHARS)
  const next = after.trimStart()
  const value = next.slice(1).trimStart()
  if (next[0] === '=') return value.length > 1 && value[0] !== value[1]
  if (next[0] === '>') return !value.startsWith('</')
  return after !== next && next[0] !== '/' // an element with attributes of its own
}
