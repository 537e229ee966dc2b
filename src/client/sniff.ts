// What a file really is and how large its picture is, from its first bytes, before anything decodes it.

/** Sizes as stored, before orientation. Null for what is not recognised. */
export interface Sniffed {
  format: 'png' | 'gif' | 'webp' | 'jpeg' | 'avif' | 'heic'
  width: number
  height: number
}

/** Reads as far as metadata usually goes; what lies beyond is left for the decoder to find. */
export async function sniff(file: Blob): Promise<Sniffed | null> {
  const view = new DataView(await file.slice(0, 512 * 1024).arrayBuffer())
  try {
    for (const read of [png, gif, webp, jpeg, heif]) {
      const found = read(view)
      if (found) return found
    }
  } catch {} // the file ends early
  return null
}

const textAt = (view: DataView, at: number, length: number) =>
  String.fromCharCode(...new Uint8Array(view.buffer, at, length))

function png(view: DataView): Sniffed | null {
  if (view.getUint32(0) !== 0x89504e47) return null
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) }
}

function gif(view: DataView): Sniffed | null {
  if (textAt(view, 0, 4) !== 'GIF8') return null
  return { format: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

function webp(view: DataView): Sniffed | null {
  if (textAt(view, 0, 4) !== 'RIFF' || textAt(view, 8, 4) !== 'WEBP') return null
  const kind = textAt(view, 12, 4)
  const uint24 = (at: number) => view.getUint32(at, true) & 0xffffff
  const bits = view.getUint32(21, true)
  const [width, height] =
    kind === 'VP8X'
      ? [uint24(24) + 1, uint24(27) + 1]
      : kind === 'VP8L'
        ? [(bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1]
        : [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff]
  return { format: 'webp', width, height }
}

function jpeg(view: DataView): Sniffed | null {
  if (view.getUint16(0) !== 0xffd8) return null
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1)
    // SOF0 to SOF15 hold the size; C4, C8 and CC among them are tables.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame)
      return { format: 'jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    if (view.getUint8(at) !== 0xff) return null
  }
}

// Wherever it is nested, each item has its `ispe`: of a picture made of tiles the largest counts.
function heif(view: DataView): Sniffed | null {
  // A video of the same family has a brand of its own.
  const brand = textAt(view, 4, 8).match(/^ftyp(avi|he|mif1|msf1)/)?.[1]
  if (!brand) return null
  let [width, height] = [0, 0]
  for (const { index } of textAt(view, 0, Math.min(view.byteLength, 65_536)).matchAll(
    /ispe\0{4}/g
  )) {
    width = Math.max(width, view.getUint32(index + 8))
    height = Math.max(height, view.getUint32(index + 12))
  }
  return { format: brand === 'avi' ? 'avif' : 'heic', width, height }
}
