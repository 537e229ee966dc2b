// The kinds of blocks in a GIF (GIF89a specification, appendix A).

export const EXTENSION = 0x21
export const IMAGE = 0x2c
export const TRAILER = 0x3b
export const IMAGE_HEADER_BYTES = 10

/** How long the palette is that a packed field announces. */
export const paletteBytes = (flags: number) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0)

/** How far to the right and down an image reaches on the screen. */
export function imageSize(bytes: Buffer, at: number): [number, number] {
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => bytes.readUInt16LE(at + offset))
  return [left! + width!, top! + height!]
}
