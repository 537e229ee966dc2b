// The plans as a document, without what differs from one run to the next.

import { placeOf } from './places.ts'
import { type Plan, scansOf, wasteOf } from './plans.ts'

const WIDTH = 160 // of a line: a list of a thousand keys says no more than its beginning

const ABOUT = `# Query plans

Every statement of the requests and of the janitor, as Postgres carried it out with USERS users: the plans are those that
\`auto_explain\` saw while the service and the commands \`directo sweep\` and \`directo reconcile\` were at work. The database also has
a thirtieth as many open uploads, a fiftieth as many objects that are due, and a week of history. Written by
\`npm run bench:scale -- --plans docs/query-plans.md\`.

A statement that is prepared may have two plans, one for its parameters and one for all. *times* is how often it ran, *ms* the
quickest.

`

/** @param users how many there were */
export function documentOf(plans: Plan[], users: number) {
  const calls = [...new Set(plans.map(({ call }) => call))]
  const sections = calls.map((call) => {
    const statements = [...new Set(plans.filter((plan) => plan.call === call).map(textOf))]
    const parts = statements.map((text) => partOf(plans.filter((plan) => textOf(plan) === text)))
    return `## ${call}\n\n${parts.join('\n')}`
  })
  return ABOUT.replace('USERS', users.toLocaleString('en')) + summaryOf(plans) + sections.join('\n')
}

const textOf = ({ statement }: Plan) => statement

function summaryOf(plans: Plan[]) {
  const list = (some: Plan[]) => some.map((plan) => `- ${nameOf(plan)}`).join('\n')
  const [scans, waste] = [scansOf(plans), wasteOf(plans)]
  const byIndex =
    scans.length > 0
      ? `These read a whole table that grows with users:\n\n${list(scans)}\n\n`
      : 'All go by index, but for tables of a row or a few: `installation`, `walks`.\n\n'
  if (waste.length === 0) return byIndex
  return `${byIndex}These read more than a hundred rows in vain:\n\n${list(waste)}\n\n`
}

/** What a statement is called in reports. */
export const nameOf = ({ statement, call }: Plan) =>
  placeOf(statement) ?? `${call}: unnamed in bench/places.ts: ${statement.slice(0, 60)}`

function partOf(plans: Plan[]) {
  const [first] = plans
  const blocks = plans.map(
    ({ plan, times, ms }) =>
      `${times} times, ${ms.toFixed(1)} ms\n\n\`\`\`\n${settled(plan)}\n\`\`\`\n`
  )
  return `### ${nameOf(first!)}\n\n\`\`\`sql\n${short(first!.statement)}\n\`\`\`\n\n${blocks.join('\n')}`
}

const settled = (plan: string) =>
  short(plan.replaceAll(/[0-9a-f]{32}/g, '…').replaceAll(/'\d{4}-\d\d-\d\d [^']*'/g, "'…'"))

const short = (text: string) =>
  text
    .replaceAll(/(\$\d+, ){5,}/g, '$1, … ')
    .split('\n')
    .map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH)} …` : line))
    .join('\n')
