// Where Ceph RGW 16 answers an attack otherwise than the sandbox, and why.

export interface Difference {
  attack: string
  status: number
  code?: string
  /** It stores the signed key, and nothing else. */
  accepts?: boolean
  because: string
}

export const differences: Difference[] = []
