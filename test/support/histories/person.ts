// One user of a history: what the model knows, and what they themselves were told.

import type { Upload } from '../app.ts'
import { after, type Content, type Deed, type Facts, nothing, type World } from './model.ts'

export interface Known {
  upload: Upload
  sent: Set<Content>
}

/** A deed and what came of it; `answer` null when nobody heard one. */
export interface Done {
  deed: Deed
  answer: RegExp | null
  facts: Facts
}

export type Person = ReturnType<typeof newPerson>

export const newPerson = (id: 'ada' | 'bob') => ({
  id,
  worlds: [nothing] as World[],
  uploads: [] as Known[],
  urls: [] as { url: string; expiresAt: string; content: string }[],
  oldToken: Math.floor(Date.now() / 1000),
  erasedSince: undefined as number | undefined,
  erasedUntil: undefined as number | undefined
})

/**
 * Takes what each of several did at the same time, in its own order, for true in whichever orders it
 * can be. @throws when there is none: the answers contradict each other, or earlier ones
 */
export function believe(person: Person, queues: Done[][]) {
  const worlds = linearize(person.worlds, queues)
  if (worlds.length === 0) {
    const said = queues
      .flat()
      .map(({ deed, answer }) => `${JSON.stringify(deed)} → ${answer?.source}`)
    throw new Error(
      `${person.id}: impossible answers:\n${said.join('\n')}\nwhat was possible before: ${JSON.stringify(person.worlds)}`
    )
  }
  person.worlds = worlds
}

function linearize(worlds: World[], queues: Done[][]): World[] {
  if (worlds.length === 0) return []
  const waiting = queues.filter((queue) => queue.length > 0)
  if (waiting.length === 0) return worlds
  const next = waiting.flatMap((queue) => {
    const [{ deed, answer, facts }, ...rest] = queue as [Done]
    const others = waiting.filter((other) => other !== queue)
    return linearize(after(worlds, deed, answer, facts), [rest, ...others])
  })
  return [...new Map(next.map((world) => [JSON.stringify(world), world])).values()]
}
