// What stands in for a missing picture: an SVG that depends on the user's id alone, the same for ever.

import { createHash } from 'node:crypto'

/** `identicon` is a pattern, `initials` is one or two letters of the id. */
export type Placeholder = 'identicon' | 'initials'

const GRID = 5
const CELL = 20
const MARGIN = 14
const SIDE = GRID * CELL + 2 * MARGIN

/**
 * Draws the placeholder as an SVG document of 128 × 128. Of the id only letters and digits are ever
 * written into it, so it can hold no markup.
 */
export function drawPlaceholder(kind: Placeholder, userId: string) {
  const digest = createHash('sha256').update(userId).digest()
  const hue = Math.round((digest.readUInt16BE(0) / 65_536) * 360)
  const inside = kind === 'identicon' ? pattern(digest, hue) : letters(userId, hue)
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}" viewBox="0 0 ${SIDE} ${SIDE}">` +
    `<rect width="100%" height="100%" fill="hsl(${hue},45%,90%)"/>${inside}</svg>`
  )
}

// Mirrored, for faces are.
function pattern(digest: Buffer, hue: number) {
  const half = Math.ceil(GRID / 2)
  let path = ''
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const mirrored = Math.min(column, GRID - 1 - column)
      if (digest[2 + row * half + mirrored]! < 128) continue
      path += `M${MARGIN + column * CELL} ${MARGIN + row * CELL}h${CELL}v${CELL}h-${CELL}z`
    }
  }
  return `<path fill="hsl(${hue},55%,45%)" d="${path}"/>`
}

function letters(userId: string, hue: number) {
  const text = initialsOf(userId)
  return (
    `<text x="50%" y="50%" dy=".35em" text-anchor="middle" font-family="system-ui,sans-serif" ` +
    `font-size="${text.length > 1 ? 52 : 64}" fill="hsl(${hue},55%,30%)">${text}</text>`
  )
}

/** `ada.lovelace@example.com` → AL, `auth0|ada` → A; a dot where there is neither letter nor digit. */
function initialsOf(userId: string) {
  const name = userId.replace(/@.*/, '').replace(/^.*[|:]/, '')
  const words = (name || userId).match(/[A-Za-z0-9]+/g) ?? []
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words
  return ends.map((word) => word![0]!.toUpperCase()).join('') || '·'
}
