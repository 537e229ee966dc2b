// How a test tells the sandbox to misbehave: rules for verbs and keys, set and cleared at any time.

import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import * as faults from './faults.ts'
import { type Lie, lies } from './lies.ts'
import type { Verb } from './verbs.ts'

/**
 * Which requests a rule is for: a verb, or any ('*'), perhaps for one bucket or some keys only, so
 * many times. A PostObject has no key yet when the rules are looked up.
 */
export type When =
  | Verb
  | '*'
  | { verb?: Verb | '*'; bucket?: string; key?: string | RegExp; times?: number }

/** An answer, or none: `hang` never answers, `reset` cuts the connection. */
export type Outcome = Answer | 'hang' | 'reset'

export interface Rule {
  before?: (call: Call) => void | Promise<void>
  /** Takes the place of the verb. */
  instead?: () => Outcome
  after?: (call: Call) => void | Promise<void>
  /** Takes the place of the answer. */
  rewrite?: (answer: Answer, call: Call) => Outcome
}

/** `performed`: the verb is carried out all the same, only its answer is lost. */
export interface Performed {
  performed?: boolean
}

export type Undo = () => void
export type Misbehaviour = ReturnType<typeof misbehaviour>

export function misbehaviour() {
  const rules = new Set<{ when: Exclude<When, string>; rule: Rule }>()
  const told = new Set<Lie>()
  const undeletable = new Set<{ key: string | RegExp; code: string }>()

  function add(when: When, rule: Rule): Undo {
    const entry = { when: typeof when === 'string' ? { verb: when } : { ...when }, rule }
    rules.add(entry)
    return () => void rules.delete(entry)
  }

  return {
    /** Any rule of one's own. */
    add,

    /** Answers so much later. */
    delay: (when: When, milliseconds: number) => add(when, faults.delay(milliseconds)),

    /** Answers with an error: `{ status: 503, code: 'SlowDown' }`; the status is S3's if left out. */
    fail: (when: When, error: faults.Failure & Performed) => add(when, faults.fail(error)),

    /** Never answers. */
    hang: (when: When, { performed }: Performed = {}) => add(when, faults.lose('hang', performed)),

    /** Resets the connection; with `afterBytes`, so far into the body. */
    reset: (when: When, options: Performed & { afterBytes?: number } = {}) =>
      add(when, faults.reset(options)),

    /** Answers 200 with an `<Error>` body, as CopyObject may; nothing is carried out. */
    errorIn200: (when: When, code = 'InternalError') => add(when, faults.errorIn200(code)),

    /** Carries it out and answers 200 with an empty body. */
    emptyBody: (when: When) => add(when, faults.emptyBody),

    /** Carries it out and leaves the ETag out of headers and body. */
    withoutEtag: (when: When) => add(when, faults.withoutEtag),

    /** Answers a GET with 200, no length and bytes without end, whatever range was asked for. */
    endlessBody: (when: When = 'GetObject') => add(when, faults.endlessBody),

    /** Sends the body in pieces of `bytes`, one every `milliseconds`. */
    drip: (when: When, bytes: number, milliseconds: number) =>
      add(when, faults.drip(bytes, milliseconds)),

    /** 403 for what is missing, as without the permission to list. */
    forbidMissing: () => add('*', faults.forbidMissing),

    /** Runs before the verb is carried out: swap an object after HEAD and before COPY. */
    before: (when: When, hook: NonNullable<Rule['before']>) => add(when, { before: hook }),

    /** Runs after the verb is carried out and before it is answered. */
    after: (when: When, hook: NonNullable<Rule['after']>) => add(when, { after: hook }),

    /** Stops enforcing these. */
    lie: (...names: Lie[]): Undo => {
      for (const name of names) told.add(name)
      return () => {
        for (const name of names) told.delete(name)
      }
    },

    /** The lying store: enforces nothing at all. */
    lieAboutEverything: (): Undo => {
      for (const name of lies) told.add(name)
      return () => told.clear()
    },

    /** Makes DeleteObjects report these keys as failed, within its 200. */
    refuseDeleting: (key: string | RegExp, code = 'InternalError'): Undo => {
      const entry = { key, code }
      undeletable.add(entry)
      return () => void undeletable.delete(entry)
    },

    /** Behaves again. */
    clear: () => {
      rules.clear()
      told.clear()
      undeletable.clear()
    },

    lies: told as ReadonlySet<Lie>,

    /** The rules for a call, counted as used. */
    rulesFor: (call: Call): Rule[] => {
      const matching = [...rules].filter(({ when }) => isFor(when, call))
      for (const entry of matching) {
        if (entry.when.times === undefined) continue
        entry.when.times -= 1
        if (entry.when.times <= 0) rules.delete(entry)
      }
      return matching.map(({ rule }) => rule)
    },

    /** The code to report for a key that is not to be deleted. */
    refusesDeleting: (key: string): string | undefined =>
      [...undeletable].find((entry) => names(entry.key, key))?.code
  }
}

function isFor({ verb = '*', bucket, key }: Exclude<When, string>, call: Call): boolean {
  if (verb !== '*' && verb !== call.verb) return false
  if (bucket !== undefined && bucket !== call.bucket) return false
  return key === undefined || names(key, call.key)
}

function names(pattern: string | RegExp, key: string): boolean {
  return typeof pattern === 'string' ? pattern === key : pattern.test(key)
}
