// A walk through a listing: one process at a time, and whoever takes over goes on where it stopped.

import { and, eq, sql } from '../db/drizzle.ts'
import { walks } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { newId } from '../keys.ts'

const HELD_SECONDS = 300 // for a page

/** What a walk has found so far. */
export interface Found {
  listed: number
  strays: number
  removed: number
  dangling: number
}

export type Walk = typeof walks.$inferSelect

export interface WalkOptions {
  name: string
  /** How long ago the last one must have begun. */
  everySeconds: number
  /** Begins at the beginning, whatever was left unfinished. */
  anew: boolean
}

/**
 * Begins a walk, or goes on with the one that was left unfinished. Null while another process holds
 * it, or when it is not time yet.
 */
export async function takeWalk({ db }: Deps, { name, everySeconds, anew }: WalkOptions) {
  const isNew = sql`(${walks.endedAt} is not null or ${anew})`
  const keep = (column: typeof walks.listed) => sql`case when ${isNew} then 0 else ${column} end`
  const mine = { heldUntil: held, heldBy: newId() }
  const [walk] = await db
    .insert(walks)
    .values({ name, ...mine })
    .onConflictDoUpdate({
      target: walks.name,
      set: {
        ...mine,
        begunAt: sql`case when ${isNew} then now() else ${walks.begunAt} end`,
        after: sql`case when ${isNew} then '' else ${walks.after} end`,
        endedAt: null,
        listed: keep(walks.listed),
        strays: keep(walks.strays),
        removed: keep(walks.removed),
        dangling: keep(walks.dangling)
      },
      setWhere: sql`${walks.heldUntil} <= now() and (${walks.endedAt} is null
        or ${walks.begunAt} <= now() - make_interval(secs => ${everySeconds}))`
    })
    .returning()
  return walk ?? null
}

/**
 * Records that everything up to `after` is done; when it is null, that the walk has ended. Null when
 * another process has taken over.
 */
export async function stepWalk({ db }: Deps, walk: Walk, found: Found, after: string | null) {
  const isOver = after === null
  const [next] = await db
    .update(walks)
    .set({
      ...(isOver ? { endedAt: sql`now()` } : { after }),
      heldUntil: isOver ? sql`now()` : held,
      listed: sql`${walks.listed} + ${found.listed}`,
      strays: sql`${walks.strays} + ${found.strays}`,
      removed: sql`${walks.removed} + ${found.removed}`,
      dangling: sql`${walks.dangling} + ${found.dangling}`
    })
    .where(isOurs(walk))
    .returning()
  return next ?? null
}

/** Lets another process go on at once. */
export async function leaveWalk({ db }: Deps, walk: Walk) {
  await db.update(walks).set({ heldUntil: sql`now()` }).where(isOurs(walk))
}

const held = sql`now() + make_interval(secs => ${HELD_SECONDS})`

const isOurs = ({ name, heldBy }: Walk) => and(eq(walks.name, name), eq(walks.heldBy, heldBy))
