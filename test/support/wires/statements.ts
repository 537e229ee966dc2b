// A statement's name: what it writes, or what it reads, in words that stay the same.

/** Null for what the client library asks for itself and for probes of health: no effect of ours. */
export function statementName(sql: string): string | null {
  const text = sql.replaceAll('"', '').replace(/\s+/g, ' ').trim().toLowerCase()
  if (/pg_type|to_regproc|^(set|show) /.test(text)) return null
  if (/^(begin|commit|rollback|savepoint)\b/.test(text)) return text.split(' ')[0]!
  if (text.includes('pg_advisory')) return `lock ${/'directo:(\w+)/.exec(text)?.[1] ?? ''}`.trim()
  const writes = [...text.matchAll(WRITES)].map(([, insert, update, set, remove]) => {
    if (insert) return `insert ${insert}`
    // The first fact that it states; what else it sets goes along with it.
    return update
      ? `update ${update} ${/\w+(_at|_key|_until)|reasons/.exec(set!)?.[0]}`
      : `delete ${remove}`
  })
  if (writes.length > 0) return [...new Set(writes)].join(' + ')
  const table = /\bfrom (?!json)(?:only )?([a-z_]\w*)/.exec(text)?.[1] ?? ''
  const lock = /for (no key )?update/.test(text) ? 'for update' : ''
  return ['select', table, lock].filter(Boolean).join(' ')
}

const WRITES =
  /\binsert into (\w+)|(?<!for )(?<!key )\bupdate (\w+) set (.+?)(?= where | from |$)|\bdelete from (\w+)/g
