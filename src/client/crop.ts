// Which part of a picture is kept, and how large it becomes.

import { assertArgument } from './error.ts'

export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

export interface Size {
  width: number
  height: number
}

/** The given part as far as it lies within the picture, else the square in the middle. */
export function partOf({ width, height }: Size, crop?: Rectangle): Rectangle {
  if (!crop) {
    const side = Math.min(width, height)
    return { x: (width - side) / 2, y: (height - side) / 2, width: side, height: side }
  }
  const x = Math.max(0, crop.x)
  const y = Math.max(0, crop.y)
  const part = {
    x,
    y,
    width: Math.min(width, crop.x + crop.width) - x,
    height: Math.min(height, crop.y + crop.height) - y
  }
  assertArgument(part.width >= 1 && part.height >= 1, `crop lies outside of ${width} × ${height}`)
  return part
}

/** Shrunk until the longest side is `longest`; never enlarged. Whole pixels, at least one. */
export function fit({ width, height }: Size, longest: number): Size {
  const scale = Math.min(1, longest / Math.max(width, height))
  const scaled = (side: number) => Math.max(1, Math.round(side * scale))
  return { width: scaled(width), height: scaled(height) }
}
