// The table of metrics in docs/observability.md, made of what the page says of itself.

import { type Family, labelsOf, type Page } from './page.ts'

export const BEGIN = '<!-- metrics: npm run metrics writes what follows -->'
export const END = '<!-- metrics end -->'

/** The document with its table as the page has it. */
export function withTable(document: string, page: Page) {
  const from = document.indexOf(BEGIN)
  const to = document.indexOf(END)
  if (from < 0 || to < from) throw new Error('the document has no place for the table')
  return `${document.slice(0, from + BEGIN.length)}\n\n${table(page)}\n\n${document.slice(to)}`
}

function table(page: Page) {
  const rows = [...page.values()].map(row)
  return ['| metric | | labels | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function row(family: Family) {
  const { name, type, help } = family
  const labels = labelsOf(family).map((label) => `\`${label}\``)
  return `| \`${name}\` | ${type} | ${labels.join(' ')} | ${help} |`
}
