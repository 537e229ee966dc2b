// A walk through a listing: one process at a time, and whoever takes over goes on where it stopped.

import { eq, sql } from 'drizzle-orm'

import { walks } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

const HELD_SECONDS = 120 // for a page; its calls together end sooner

/** What a walk has found so far. */
export interface Found {
  listed: number
  strays: number
  removed: number
  dangling: number
}

/**
 * Begins a walk, or goes on with the one that was left unfinished. Null while another process holds
 * it, or when the last one began less than `everySeconds` ago.
 */
export async function takeWalk({ db }: Deps, name: string, everySeconds: number) {
  const anew = sql`${walks.endedAt} is not null`
  const keep = (column: typeof walks.listed) => sql`case when ${anew} then 0 else ${column} end`
  const [walk] = await db
    .insert(walks)
    .values({ name, heldUntil: held })
    .onConflictDoUpdate({
      target: walks.name,
      set: {
        heldUntil: held,
        begunAt: sql`case when ${anew} then now() else ${walks.begunAt} end`,
        after: sql`case when ${anew} then '' else ${walks.after} end`,
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

/** Records that everything up to `after` is done; when it is null, that the walk has ended. */
export async function stepWalk({ db }: Deps, name: string, found: Found, after: string | null) {
  const isOver = after === null
  const [walk] = await db
    .update(walks)
    .set({
      ...(isOver ? { endedAt: sql`now()` } : { after }),
      heldUntil: isOver ? sql`now()` : held,
      listed: sql`${walks.listed} + ${found.listed}`,
      strays: sql`${walks.strays} + ${found.strays}`,
      removed: sql`${walks.removed} + ${found.removed}`,
      dangling: sql`${walks.dangling} + ${found.dangling}`
    })
    .where(eq(walks.name, name))
    .returning()
  return walk!
}

/** Lets another process go on at once. */
export async function leaveWalk({ db }: Deps, name: string) {
  await db.update(walks).set({ heldUntil: sql`now()` }).where(eq(walks.name, name))
}

const held = sql`now() + make_interval(secs => ${HELD_SECONDS})`
