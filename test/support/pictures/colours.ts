// The colours test pictures are painted with.

export const colours = {
  black: [0, 0, 0],
  blue: [0, 0, 255],
  green: [0, 128, 0],
  grey: [128, 128, 128],
  red: [255, 0, 0],
  white: [255, 255, 255]
} as const

export type Colour = keyof typeof colours

export interface Paint {
  colour?: Colour
  height?: number
}
