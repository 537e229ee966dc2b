// /docs: openapi.json as a page, drawn once; it runs no script and loads nothing.

import { hash } from 'node:crypto'

interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: string[]
  const?: string
  items?: Schema
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  description?: string
  minimum?: number
  maxItems?: number
}
interface Answer {
  $ref?: string
  description: string
  content?: Record<string, { schema: Schema }>
}
interface Operation {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  parameters?: {
    name: string
    in: string
    required?: boolean
    description?: string
    schema: Schema
  }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, Answer>
}
/** As much of an OpenAPI document as the page shows. */
export interface Described {
  info: { title: string; description: string }
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema>; responses: Record<string, Answer> }
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 3rem } summary { cursor: pointer; padding: .3rem 0 }
code, b { font-family: ui-monospace, monospace; font-size: .9em }
b { display: inline-block; min-width: 4.5em }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-top: 1px solid #8884 }
section { overflow-x: auto } details[open] { padding-bottom: 1.5rem }`

export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** Draws the whole document as one page. */
export function drawDocs(document: Described) {
  const { info, tags, paths, components } = document
  const calls = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation }))
  )
  const parts = tags.map(({ name, description }) => {
    const ours = calls.filter(({ operation }) => operation.tags.includes(name))
    return `<section><h2>${prose(name)}</h2><p>${prose(description)}</p>${ours.map((call) => drawCall(call, components)).join('')}</section>`
  })
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<h3 id="${escaped(name)}">${escaped(name)}</h3>${drawFields(schema)}`
  )
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(info.title)}: the API</title><style>${STYLE}</style></head>
<body>
<h1>${escaped(info.title)}</h1>
<main>
${info.description.split('\n\n').map(drawParagraph).join('\n')}
<p>For machines: <a href="/openapi.json">openapi.json</a>.</p>
${parts.join('\n')}
<section><h2>schemas</h2>${schemas.join('')}</section>
</main>
</body>
</html>
`
}

function drawParagraph(text: string) {
  if (!text.startsWith('|')) return `<p>${prose(text)}</p>`
  const [head, , ...rows] = text.split('\n').map((row) => row.slice(2, -2).split(' | '))
  return `<details><summary>all codes</summary>${drawTable(
    head!,
    rows.map((row) => row.map(prose))
  )}</details>`
}

interface Call {
  path: string
  method: string
  operation: Operation
}

function drawCall({ path, method, operation }: Call, { responses }: Described['components']) {
  const { summary, description = '', parameters = [], requestBody, operationId } = operation
  const body = requestBody?.content['application/json']?.schema
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const { description, content } = responses[answer.$ref?.split('/').at(-1) ?? ''] ?? answer
    const schema = Number(status) < 400 && content?.['application/json']?.schema
    return [status, `${prose(description)} ${schema ? typeOf(schema) : ''}`]
  })
  const asked = parameters.map(({ name, required, description = '', schema }) => [
    `<code>${escaped(name)}</code>${required ? '' : '?'}`,
    typeOf(schema),
    prose(description)
  ])
  return `<details id="${escaped(operationId)}"><summary><b>${method.toUpperCase()}</b> <code>${escaped(path)}</code> ${prose(summary)}</summary>
<p>${prose(description)}</p>
${asked.length > 0 ? drawTable(['parameter', '', ''], asked) : ''}
${body ? `<p>Body: ${typeOf(body)}</p>` : ''}
${drawTable(['status', ''], answers)}</details>`
}

function drawFields({ properties = {}, required = [] }: Schema) {
  const rows = Object.entries(properties).map(([name, schema]) => [
    `<code>${escaped(name)}</code>${required.includes(name) ? '' : '?'}`,
    typeOf(schema),
    prose(schema.description ?? '')
  ])
  return drawTable(['field', '', ''], rows)
}

const drawTable = (head: string[], rows: string[][]) =>
  `<table><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
    .join('')}</table>`

function typeOf(schema: Schema): string {
  const { $ref, type, enum: values, const: value, items, anyOf } = schema
  const name = $ref?.split('/').at(-1)
  if (name) return `<a href="#${escaped(name)}">${escaped(name)}</a>`
  if (anyOf) return anyOf.map(typeOf).join(' or ')
  if (values) return values.map((one) => `<code>${escaped(one)}</code>`).join(', ')
  if (value) return `<code>${escaped(value)}</code>`
  if (items) return `list of ${typeOf(items)}`
  return [type ?? ''].flat().join(' or ')
}

// What stands between backquotes is code.
const prose = (text: string) =>
  escaped(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll('\n\n', '<br>')

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
