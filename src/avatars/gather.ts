// Reads that arrive together are one statement: most of what a read costs is to ask Postgres.

/**
 * Turns what finds many by their ids into what finds one: everybody who asks before the event loop has
 * gone round shares one call, and its error. Nobody is given what was found before they asked.
 * @param find what it does not know, its Map does not have
 */
export function gather<Found>(find: (ids: string[]) => Promise<Map<string, Found>>, most: number) {
  let group: ReturnType<typeof begin> | null = null

  function begin() {
    const ids = new Set<string>()
    const found = new Promise<Map<string, Found>>((resolve) => {
      setImmediate(() => {
        if (group?.ids === ids) group = null
        resolve(find([...ids]))
      })
    })
    return { ids, found }
  }

  return async (id: string): Promise<Found | null> => {
    group ??= begin()
    const { ids, found } = group
    ids.add(id)
    if (ids.size === most) group = null
    return (await found).get(id) ?? null
  }
}
