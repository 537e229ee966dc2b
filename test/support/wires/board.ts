// Where the wires of one instance ask what is to happen, and where a test says so.

/** One moment around one effect: `confirm` sees `update users` of Postgres before and after it. */
export interface Moment {
  wire: 'postgres' | 's3'
  /** Verb and table, or verb and prefix; with a number from the second time on. */
  effect: string
  when: 'before' | 'after'
}

/**
 * What the wire does then. `fail` is an answer: of Postgres with this SQLSTATE, 57P01 ends the
 * session as well; of S3 with 503. After an effect it is the answer to something that was performed.
 */
export type Verdict = 'pass' | 'cut' | { fail: string }

export type Act = (moment: Moment) => Verdict | Promise<Verdict>

export type Board = ReturnType<typeof startBoard>

export const nameOf = ({ wire, effect, when }: Moment) => `${wire} · ${when} · ${effect}`

export function startBoard() {
  let counts = new Map<string, number>()
  let effects: Pick<Moment, 'wire' | 'effect'>[] = []
  let armed: { name: string; act: Act } | undefined
  let dead = false
  const cutters = new Set<() => void>()

  const board = {
    /** Forgets what was seen and what was armed. */
    reset() {
      counts = new Map()
      effects = []
      armed = undefined
      dead = false
    },
    /** At this moment, once, this is to happen. */
    arm: (moment: Moment, act: Act) => {
      armed = { name: nameOf(moment), act }
    },
    get isArmed() {
      return armed !== undefined
    },
    /** What passed since the reset, each wire's in its order. */
    get effects() {
      return effects
    },
    get isDead() {
      return dead
    },
    /** From now on nothing arrives anywhere: whoever tries is hung up on. */
    cut() {
      dead = true
      cutters.forEach((cut) => void cut())
    },
    mend() {
      dead = false
    },
    /** For the wires: how they cut their connections. */
    onCut: (cut: () => void) => void cutters.add(cut),
    /** For the wires: an effect that is about to begin, under the name that tells it apart. */
    enter(wire: Moment['wire'], name: string) {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      const effect = count === 1 ? name : `${name} #${count}`
      effects.push({ wire, effect })
      return { wire, effect }
    },
    /** For the wires: asked before and after every effect. */
    async ask(moment: Moment): Promise<Verdict> {
      if (dead) return 'cut'
      if (armed?.name !== nameOf(moment)) return 'pass'
      const { act } = armed
      armed = undefined
      const verdict = await act(moment)
      return dead ? 'cut' : verdict
    }
  }
  return board
}
