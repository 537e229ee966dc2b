// The panel of calls: each request as it begins, and what was answered.

import type { Step } from '../../client/index.ts'
import { byId } from './dom.ts'

const explained: Record<string, { title: string; way: string; why: string; line?: string }> = {
  create: {
    title: 'Create',
    way: 'page → Directo',
    why: 'Directo signs a grant for exactly this type and size, at one place, for five minutes.',
    line: 'POST /api/uploads'
  },
  send: {
    title: 'Send',
    way: 'page → S3',
    why: 'The bytes go straight to S3, which checks them against the grant.',
    line: 'as the grant says'
  },
  confirm: {
    title: 'Confirm',
    way: 'page → Directo',
    why: 'Directo copies them out of reach, verifies the copy, and makes it the avatar.',
    line: 'POST /api/uploads/…/confirm'
  },
  abort: { title: 'Abort', way: 'page → Directo', why: 'Nobody can confirm this upload any more.' },
  read: { title: 'Read', way: 'page → Directo', why: 'Which picture is served now?' }
}
const USUAL = ['create', 'send', 'confirm']

/** A panel over `#calls`: `begin` empties it, `step` is the client's `onStep`. */
export function openCalls() {
  const list = byId<HTMLOListElement>('calls')
  const template = byId<HTMLTemplateElement>('call')
  const rows = new Map<Step, ReturnType<typeof rowFor>>()

  function rowFor(name: string, isNext = true) {
    const row = (template.content.cloneNode(true) as DocumentFragment)
      .firstElementChild as HTMLElement
    const { title, way, why, line = '' } = explained[name] as (typeof explained)[string]
    row.dataset.name = name
    row.dataset.state = 'waiting'
    const isAgain = list.querySelector(`[data-name="${name}"]`) !== null
    part(row, 'h3').textContent = isAgain ? `${title} again` : title
    part(row, '.way').textContent = way
    part(row, '.why').textContent = why
    part(row, '.where').textContent = line
    list.insertBefore(row, isNext ? list.querySelector('[data-state="waiting"]') : null)
    return { row, begun: 0 }
  }

  function begin() {
    list.replaceChildren()
    rows.clear()
    for (const name of USUAL) rowFor(name, false)
  }

  // What is asked once more, or besides, gets a row of its own.
  function open(step: Step) {
    const waiting = list.querySelector<HTMLElement>(
      `[data-name="${step.name}"][data-state="waiting"]`
    )
    const entry = waiting ? { row: waiting, begun: 0 } : rowFor(step.name)
    entry.begun = performance.now()
    rows.set(step, entry)
    return entry
  }

  function step(step: Step) {
    const isOver = rows.has(step)
    const { row, begun } = rows.get(step) ?? open(step)
    row.dataset.state = isOver ? stateOf(step) : 'active'
    describe(row, step)
    reveal(row)
    if (isOver) part(row, '.time').textContent = `${Math.round(performance.now() - begun)} ms`
  }

  // Within the panel alone: the page stays where it is.
  function reveal({ offsetTop, offsetHeight }: HTMLElement) {
    const hidden = offsetTop + offsetHeight - list.scrollTop - list.clientHeight
    if (hidden > 0) list.scrollTop += hidden + 8
  }

  begin()
  return { begin, step }
}

const stateOf = ({ answer }: Step) => (answer && answer.status < 400 ? 'done' : 'refused')

function describe(row: HTMLElement, { request, answer, error }: Step) {
  const { pathname, host, origin } = new URL(request.url, location.href)
  part(row, 'details').hidden = false
  part(row, '.verb').textContent = request.method
  part(row, '.where').textContent = (origin === location.origin ? '' : host) + brief(pathname)
  part(row, '.status').textContent = answer ? `${answer.status}` : error ? 'no answer' : '…'
  part(row, '.request').textContent = requestText(request)
  part(row, '.answer').textContent = answer ? textOf(answer.body) : ''
}

function requestText({ method, url, headers, body }: Step['request']) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${short(value)}`)
  const { pathname, search } = new URL(url, location.href)
  return [`${method} ${pathname}${short(search)}`, ...lines, body ? `\n${pretty(body)}` : '']
    .join('\n')
    .trimEnd()
}

// S3 answers in XML, and a form with nothing at all.
function textOf(body: string) {
  try {
    return pretty(JSON.parse(body))
  } catch {
    return body || '(no body)'
  }
}

const pretty = (value: unknown) =>
  JSON.stringify(value, (_key, inner) => (typeof inner === 'string' ? short(inner) : inner), 2)

const brief = (path: string) => path.replace(/[0-9a-f]{24}(?=\/|$)/, '…')

const short = (text: string) =>
  text.length > 96 ? `${text.slice(0, 60)}… (${text.length} characters)` : text

const part = (row: HTMLElement, selector: string) => row.querySelector(selector) as HTMLElement
