// What an expression of PromQL is about: the names it selects and the labels it goes by.

import { parser } from '@prometheus-io/lezer-promql'

export interface Selected {
  name: string
  labels: string[]
  /** Labels that must have one value. */
  values: Record<string, string>
}

/** @throws {Error} when it is no PromQL */
export function readExpression(text: string) {
  const selected: Selected[] = []
  const grouped: string[] = []
  parser.parse(text).iterate({
    enter({ type, from, to, node }) {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text}`)
      const word = text.slice(from, to)
      if (type.name === 'VectorSelector') selected.push({ name: '', labels: [], values: {} })
      if (type.name === 'Identifier') selected.at(-1)!.name = word
      if (type.name !== 'LabelName') return
      if (node.parent?.name === 'GroupingLabels') return void grouped.push(word)
      const { labels, values } = selected.at(-1)!
      labels.push(word)
      const [, value] = /^\w+="([^"$]*)"/.exec(text.slice(from)) ?? []
      if (value) values[word] = value
    }
  })
  return { selected, grouped }
}
