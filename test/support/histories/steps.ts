// What histories are made of, and how they read.

import fc from 'fast-check'

import type { Content } from './model.ts'
import type { Moment } from './system.ts'
import type { Death } from './wires.ts'

// How often each is drawn; `place` is a create and the send that follows, `change` a confirm as well.
const DOINGS = {
  change: 12,
  place: 9,
  confirm: 12,
  send: 3,
  avatar: 2,
  remove: 4,
  erase: 3,
  sweep: 8,
  reconcile: 1,
  create: 1,
  land: 3,
  abort: 2,
  look: 1
}

// And what happens while somebody confirms.
const CLASHING = {
  land: 6,
  confirm: 4,
  erase: 2,
  remove: 2,
  abort: 2,
  sweep: 2,
  send: 2,
  change: 1
}

// Seconds, chosen so that sums of a few do not meet a limit: some clicks, parts of a grant's life, past
// it, past an upload's life, a lease, a URL's life, the grace for strays, the retention.
const ADVANCES = [3, 97, 211, 320, 700, 1900, 3700, 50_000, 700_000]

/** `upload` counts back from the user's newest; `by` is the instance that is asked. */
export interface Act {
  do: keyof typeof DOINGS
  user: 'ada' | 'bob'
  by: number
  upload: number
  content: Content
  /** With a token from the beginning of the history. */
  oldToken: boolean
  /** With the SHA-256 of `content` declared. */
  declares: boolean
  /** When something that is done at the same time asks S3 for this, what lands does. */
  moment: Moment
}

/** One act or two at once, perhaps with the death of the instance that the first one asks. */
export type Step = { acts: Act[]; death: Death | null } | { advance: number }

const rarely = (weight: number) =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })

const oftenOf = <Name extends string>(weights: Record<Name, number>) =>
  fc.constantFrom(
    ...(Object.entries<number>(weights) as [Name, number][]).flatMap(([name, weight]) =>
      Array<Name>(weight).fill(name)
    )
  )

const act: fc.Arbitrary<Act> = fc.record({
  do: oftenOf(DOINGS),
  user: fc.oneof(
    { weight: 3, arbitrary: fc.constant('ada' as const) },
    { weight: 1, arbitrary: fc.constant('bob' as const) }
  ),
  by: fc.nat(1),
  upload: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(2) }),
  content: fc.constantFrom('red' as const, 'red', 'blue', 'blue', 'junk'),
  oldToken: rarely(6),
  declares: rarely(6),
  moment: fc.constantFrom(null, 'HeadObject' as const, 'CopyObject' as const, 'GetObject' as const)
})

// A confirm and something else that is done to the same user, or to the same upload, at the same time.
const clash = fc
  .tuple(act, act, oftenOf(CLASHING), fc.boolean())
  .map(([{ user, upload, ...one }, other, doing, isJunk]): [Act, Act] => [
    { ...one, user, upload, do: 'confirm' },
    {
      ...other,
      do: doing,
      user,
      upload: doing === 'confirm' ? other.upload : upload,
      content: isJunk ? 'junk' : other.content
    }
  ])

const death = fc.record({
  message: fc.oneof({ weight: 3, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(30) }),
  when: fc.constantFrom('before' as const, 'after')
})

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ acts: fc.tuple(act), death: fc.constant(null) }) },
  { weight: 3, arbitrary: fc.record({ advance: fc.constantFrom(...ADVANCES) }) },
  { weight: 3, arbitrary: fc.record({ acts: fc.tuple(act, act), death: fc.constant(null) }) },
  { weight: 3, arbitrary: fc.record({ acts: clash, death: fc.constant(null) }) },
  { weight: 1, arbitrary: fc.record({ acts: fc.tuple(act), death }) },
  { weight: 1, arbitrary: fc.record({ acts: fc.tuple(act, act), death }) }
)

export interface History {
  steps: Step[]
  /** Whether the store honours the conditions of a copy; some do not know them. */
  heedsConditions: boolean
}

export const historyOf = (maxSteps: number): fc.Arbitrary<History> =>
  fc
    .record({
      steps: fc.array(step, { minLength: 3, maxLength: maxSteps, size: 'max' }),
      heedsConditions: fc.boolean()
    })
    .map((history) => ({ ...history, [fc.toStringMethod]: () => toldHistory(history) }))

function toldHistory({ steps, heedsConditions }: History) {
  const store = heedsConditions ? '' : '  a store that copies whatever the conditions say\n'
  return `\n${store}${steps.map(told).join('\n')}\n`
}

/** A step of one act, of which only what matters has to be said. */
export const stepOf = (what: Partial<Act>): { acts: Act[]; death: null } => ({
  acts: [
    {
      ...{ do: 'look', user: 'ada', by: 0, upload: 0, content: 'blue', oldToken: false },
      ...{ declares: false, moment: null },
      ...what
    }
  ],
  death: null
})

/** A step as a line to read. */
export function told(step: Step): string {
  if ('advance' in step) return `  ${step.advance} s pass`
  const acts = step.acts.map(toldAct).join(', while ')
  if (!step.death) return `  ${acts}`
  const { message, when } = step.death
  return `  ${acts}; instance ${step.acts[0]!.by} dies ${when} its message ${message}`
}

function toldAct(act: Act): string {
  const { user, by, upload, content, oldToken, declares, moment } = act
  const which = upload === 0 ? "the user's newest upload" : `the upload ${upload} before the newest`
  const creating = `${declares ? ' declaring its SHA-256' : ''}${oldToken ? ' with an old token' : ''}`
  const words: Record<Act['do'], string> = {
    create: `creates an upload of ${content}${creating}`,
    change: `uploads ${content} and confirms it${creating}`,
    place: `creates an upload and sends ${content}${creating}`,
    send: `sends ${content} to ${which}`,
    land: `has ${content} land late at ${which}${moment ? ` before the next ${moment}` : ''}`,
    confirm: `confirms ${which}`,
    abort: `aborts ${which}`,
    look: `looks at ${which}`,
    avatar: 'reads the avatar',
    remove: 'removes the avatar',
    erase: 'is erased',
    sweep: '',
    reconcile: ''
  }
  if (act.do === 'sweep' || act.do === 'reconcile') return `instance ${by} does a ${act.do}`
  return `${user} ${words[act.do]} (instance ${by})`
}
