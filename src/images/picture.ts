// What is learnt of a picture while its bytes are read.

import type { ByteWindow } from './byte-window.ts'
import { type PictureProblem, Stop } from './stop.ts'

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif'

export interface Picture {
  format: ImageFormat | null
  contentType: `image/${ImageFormat}` | null
  /** Pixels; 0 when unknown. The largest that any part of the picture asks a decoder for. */
  width: number
  height: number
  /** Empty for a complete, clean picture; each code once, in the order found. */
  problems: { code: PictureProblem; detail: string }[]
}

export class Reading {
  readonly window: ByteWindow
  readonly picture: Picture

  constructor(window: ByteWindow, format: ImageFormat) {
    this.window = window
    this.picture = {
      format,
      contentType: `image/${format}`,
      width: 0,
      height: 0,
      problems: []
    }
  }

  measure(width: number, height: number) {
    if (width === 0 || height === 0) throw new Stop('MALFORMED', 'The picture has no size.')
    this.picture.width = Math.max(this.picture.width, width)
    this.picture.height = Math.max(this.picture.height, height)
  }

  report(code: PictureProblem, detail: string) {
    if (this.picture.problems.some((problem) => problem.code === code)) return
    this.picture.problems.push({ code, detail })
  }

  locate(found: boolean) {
    if (found) this.report('LOCATION_METADATA', 'The metadata says where the picture was taken.')
  }
}
