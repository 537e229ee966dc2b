// Choosing the square of a picture that is kept: by pointer, wheel, pinch, slider and keys.

import { byId, element } from './dom.ts'

const MOST = 4
const STEP = 0.04 // of what is seen

/** A cropper over `#frame`; `show` begins anew, `part` is what is chosen, in pixels of the picture. */
export function openCropper() {
  const frame = byId('frame')
  const canvas = byId<HTMLCanvasElement>('canvas')
  const slider = byId<HTMLInputElement>('zoom')
  frame.tabIndex = 0 // its keys are an application's
  let picture: ImageBitmap | null = null
  let zoom = 1
  let centre = { x: 0, y: 0 }

  const side = () => Math.min(picture?.width ?? 1, picture?.height ?? 1) / zoom
  const clamp = (value: number, least: number, most: number) =>
    Math.min(Math.max(value, least), most)

  function draw() {
    if (!picture) return
    const half = side() / 2
    centre.x = clamp(centre.x, half, picture.width - half)
    centre.y = clamp(centre.y, half, picture.height - half)
    const pixels = Math.round(frame.clientWidth * devicePixelRatio) || 1
    canvas.width = canvas.height = pixels
    const context = canvas.getContext('2d')
    if (context) context.imageSmoothingQuality = 'high'
    const { x, y } = part()
    context?.drawImage(picture, x, y, side(), side(), 0, 0, pixels, pixels)
    slider.value = `${zoom}`
  }

  function part() {
    const width = side()
    return { x: centre.x - width / 2, y: centre.y - width / 2, width, height: width }
  }

  function move(x: number, y: number) {
    centre = { x: centre.x + x * side(), y: centre.y + y * side() }
    draw()
  }

  function zoomTo(wanted: number) {
    zoom = clamp(wanted, 1, MOST)
    draw()
  }

  slider.addEventListener('input', () => zoomTo(Number(slider.value)))
  frame.addEventListener('wheel', (event) => {
    event.preventDefault()
    zoomTo(zoom * Math.exp(-event.deltaY / 600))
  })
  frame.addEventListener('keydown', (event) => {
    const act = keys(event.shiftKey ? STEP * 4 : STEP)[event.key]
    if (!act) return
    event.preventDefault()
    act()
  })
  const keys = (step: number): Record<string, () => void> => ({
    ArrowLeft: () => move(-step, 0),
    ArrowRight: () => move(step, 0),
    ArrowUp: () => move(0, -step),
    ArrowDown: () => move(0, step),
    '+': () => zoomTo(zoom * 1.1),
    '=': () => zoomTo(zoom * 1.1),
    '-': () => zoomTo(zoom / 1.1),
    '−': () => zoomTo(zoom / 1.1)
  })
  followPointers(frame, move, (ratio) => zoomTo(zoom * ratio))
  new ResizeObserver(draw).observe(frame)

  return {
    part,
    /** What is chosen, to be shown elsewhere. */
    preview() {
      const copy = element('canvas', { width: canvas.width, height: canvas.height })
      copy.getContext('2d')?.drawImage(canvas, 0, 0)
      return copy
    },
    show(shown: ImageBitmap) {
      picture?.close()
      picture = shown
      zoom = 1
      centre = { x: shown.width / 2, y: shown.height / 2 }
      draw()
    }
  }
}

// One pointer drags, two pinch.
function followPointers(
  frame: HTMLElement,
  move: (x: number, y: number) => void,
  scale: (ratio: number) => void
) {
  const pointers = new Map<number, { x: number; y: number }>()
  const spread = () => {
    const [one, two] = [...pointers.values()]
    return one && two ? Math.hypot(one.x - two.x, one.y - two.y) : 0
  }
  frame.addEventListener('pointerdown', ({ pointerId, clientX: x, clientY: y }) => {
    frame.setPointerCapture(pointerId)
    pointers.set(pointerId, { x, y })
  })
  frame.addEventListener('pointermove', ({ pointerId, clientX: x, clientY: y }) => {
    const last = pointers.get(pointerId)
    if (!last) return
    const before = spread()
    pointers.set(pointerId, { x, y })
    if (pointers.size === 1)
      move((last.x - x) / frame.clientWidth, (last.y - y) / frame.clientWidth)
    else if (before > 0) scale(spread() / before)
  })
  for (const end of ['pointerup', 'pointercancel'] as const) {
    frame.addEventListener(end, ({ pointerId }) => pointers.delete(pointerId))
  }
}
