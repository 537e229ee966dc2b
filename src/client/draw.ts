// Decoding and encoding with what the browser has: whatever is not a pixel does not survive it.

import type { Rectangle } from './crop.ts'
import { AvatarUploadError } from './error.ts'

/** Turned upright, as its EXIF orientation says. @throws whatever the browser does where it cannot */
export const decode = (file: Blob) => createImageBitmap(file, { imageOrientation: 'from-image' })

/**
 * Draws a part of a picture at a size and encodes it; as JPEG where the browser cannot encode `type`.
 * @throws {AvatarUploadError} PREPARE_UNSUPPORTED
 */
export async function encode(
  bitmap: ImageBitmap,
  part: Rectangle,
  { width, height }: { width: number; height: number },
  { type, quality }: { type: string; quality: number }
): Promise<Blob> {
  const canvas = canvasOf(width, height)
  const context = canvas.getContext('2d') as CanvasRenderingContext2D | null
  if (!context) throw new AvatarUploadError('PREPARE_UNSUPPORTED')
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, part.x, part.y, part.width, part.height, 0, 0, width, height)
  if (type !== 'image/jpeg') {
    const blob = await blobOf(canvas, type, quality)
    // Safari encodes no WebP, and gives a PNG without a word.
    if (blob?.type === type) return blob
  }
  // JPEG has no transparency: what shows through would be black.
  context.globalCompositeOperation = 'destination-over'
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  const blob = await blobOf(canvas, 'image/jpeg', quality)
  if (blob?.type === 'image/jpeg') return blob
  throw new AvatarUploadError('PREPARE_UNSUPPORTED')
}

type Canvas = OffscreenCanvas | HTMLCanvasElement

function canvasOf(width: number, height: number): Canvas {
  if (typeof OffscreenCanvas !== 'undefined') return new OffscreenCanvas(width, height)
  return Object.assign(document.createElement('canvas'), { width, height })
}

function blobOf(canvas: Canvas, type: string, quality: number): Promise<Blob | null> {
  if ('convertToBlob' in canvas) return canvas.convertToBlob({ type, quality })
  return new Promise((done) => canvas.toBlob(done, type, quality))
}
