// Reads that arrive together are one statement: most of what a read costs is to ask Postgres.

import { setImmediate as nextRound } from 'node:timers/promises'

/**
 * Turns what finds many by their ids into what finds one: everybody who asks before the event loop has
 * gone round shares one call, and its error. Nobody is given what was found before they asked.
 * @param find what it does not know, its Map does not have
 */
export function gather<Found>(find: (ids: string[]) => Promise<Map<string, Found>>, most: number) {
  let group: { ids: Set<string>; found: Promise<Map<string, Found>> } | null = null

  function begin() {
    const ids = new Set<string>()
    return { ids, found: findAll(ids) }
  }

  async function findAll(ids: Set<string>) {
    await nextRound()
    if (group?.ids === ids) group = null
    return find([...ids])
  }

  return async (id: string): Promise<Found | null> => {
    group ??= begin()
    const { ids, found } = group
    ids.add(id)
    if (ids.size === most) group = null
    return (await found).get(id) ?? null
  }
}
