// Pictures for who has none at hand: people, drawn on a canvas.

interface Face {
  name: string
  back: [string, string]
  skin: string
  hair: string
  shirt: string
  cut: 'short' | 'long' | 'curls' | 'bun'
  glasses?: boolean
}

export const faces: Face[] = [
  {
    name: 'with a bun',
    back: ['#ffd9c2', '#f7a58b'],
    skin: '#f2c3a0',
    hair: '#5b2e22',
    shirt: '#23695a',
    cut: 'bun'
  },
  {
    name: 'with curls',
    back: ['#cfe8df', '#7fbfae'],
    skin: '#8d5636',
    hair: '#241712',
    shirt: '#f2b84b',
    cut: 'curls'
  },
  {
    name: 'with glasses',
    back: ['#dfe3f7', '#98a5dc'],
    skin: '#f0cdae',
    hair: '#b9b4ad',
    shirt: '#2b3358',
    cut: 'short',
    glasses: true
  },
  {
    name: 'with long hair',
    back: ['#fbe6b4', '#eec063'],
    skin: '#d9a077',
    hair: '#1c1a20',
    shirt: '#a23b48',
    cut: 'long'
  }
]

const WIDTH = 900
const HEIGHT = 1200

/** Draws a face on a canvas of any size, in the proportions of a photo held upright. */
export function drawFace(canvas: HTMLCanvasElement, face: Face) {
  const context = canvas.getContext('2d')
  if (!context) return
  context.setTransform(canvas.width / WIDTH, 0, 0, canvas.height / HEIGHT, 0, 0)
  paint(context, face)
}

/** The same as a JPEG of 900 × 1200. */
export async function pictureOf(face: Face): Promise<Blob> {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT)
  paint(canvas.getContext('2d')!, face)
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 })
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

function paint(context: Context, { back, skin, hair, shirt, cut, glasses }: Face) {
  const sky = context.createLinearGradient(0, 0, 0, HEIGHT)
  sky.addColorStop(0, back[0])
  sky.addColorStop(1, back[1])
  context.fillStyle = sky
  context.fillRect(0, 0, WIDTH, HEIGHT)
  const blob = (colour: string, x: number, y: number, width: number, height = width) => {
    context.fillStyle = colour
    context.beginPath()
    context.ellipse(x, y, width, height, 0, 0, Math.PI * 2)
    context.fill()
  }
  blob('rgb(255 255 255 / 0.28)', 450, 600, 390)
  context.translate(0, 90)

  if (cut === 'long') {
    context.fillStyle = hair
    context.beginPath()
    context.roundRect(215, 270, 470, 650, [235, 235, 120, 120])
    context.fill()
  }
  if (cut === 'bun') blob(hair, 450, 215, 92)
  if (cut === 'curls') {
    for (const [x, y, r] of CURLS) blob(hair, x, y, r)
  }

  blob(shirt, 450, 1190, 400, 310)
  context.fillStyle = skin
  context.beginPath()
  context.roundRect(372, 640, 156, 280, 78)
  context.fill()
  blob('rgb(0 0 0 / 0.13)', 450, 716, 78, 46) // the chin's shadow
  blob(skin, 252, 520, 34, 46)
  blob(skin, 648, 520, 34, 46)
  blob(skin, 450, 500, 198, 236)

  context.save()
  context.beginPath()
  context.ellipse(450, 490, 212, 242, 0, 0, Math.PI * 2)
  context.clip()
  fringe(context, cut, hair)
  context.restore()
  features(context, blob, Boolean(glasses))
}

const CURLS = [
  [262, 400, 92],
  [300, 300, 98],
  [390, 240, 104],
  [500, 236, 106],
  [598, 300, 100],
  [640, 400, 92],
  [246, 500, 62],
  [656, 500, 62]
] as const

function fringe(context: Context, cut: Face['cut'], hair: string) {
  context.fillStyle = hair
  context.beginPath()
  context.moveTo(220, 220)
  context.lineTo(680, 220)
  const [left, dip, right] = {
    short: [440, 330, 400],
    long: [520, 250, 520],
    curls: [400, 370, 400],
    bun: [470, 270, 430]
  }[cut]
  context.lineTo(680, right!)
  context.quadraticCurveTo(600, dip! + 20, 500, dip! + 30)
  context.quadraticCurveTo(320, dip! + 50, 220, left!)
  context.fill()
}

function features(
  context: Context,
  blob: (colour: string, x: number, y: number, width: number, height?: number) => void,
  hasGlasses: boolean
) {
  const dark = '#2a1d1a'
  for (const x of [372, 528]) {
    blob('rgb(226 92 84 / 0.2)', x + (x < 450 ? -34 : 34), 592, 40, 28)
    blob(dark, x, 520, 17, 21)
    blob('#fff', x + 6, 512, 5)
  }
  context.strokeStyle = dark
  context.lineCap = 'round'
  context.lineWidth = 10
  stroke(context, () => context.arc(450, 580, 66, 0.2 * Math.PI, 0.8 * Math.PI))
  context.globalAlpha = 0.25
  stroke(context, () => context.arc(450, 560, 22, 0.15 * Math.PI, 0.85 * Math.PI))
  context.globalAlpha = 1
  if (!hasGlasses) return
  for (const x of [372, 528]) stroke(context, () => context.arc(x, 520, 62, 0, Math.PI * 2))
  stroke(context, () => context.arc(450, 524, 18, 1.15 * Math.PI, 1.85 * Math.PI))
}

function stroke(context: Context, path: () => void) {
  context.beginPath()
  path()
  context.stroke()
}
