// What the address of Postgres may say of encryption: all or nothing, and never perhaps.

/** A sentence if it is encrypted only where the other side likes it: anybody in between can see to it. */
export function databaseUrlProblems({ DATABASE_URL = '' }: { DATABASE_URL?: string }): string[] {
  const query = DATABASE_URL.split('?')[1] ?? ''
  return [...new URLSearchParams(query)]
    .filter(([name, mode]) => /^ssl(mode)?$/.test(name) && /^(prefer|allow)$/i.test(mode))
    .map(([name, mode]) => `DATABASE_URL: ${name}=${mode} falls back to plain text; ${INSTEAD}`)
}

const INSTEAD = 'say verify-full, require (which believes any certificate) or disable'
