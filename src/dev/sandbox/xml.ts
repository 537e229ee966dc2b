// The XML of S3: a writer for its answers, a reader for its few documents.

export type XmlContent = string | number | boolean | XmlFields
export interface XmlFields {
  [name: string]: XmlContent | XmlContent[] | undefined
}

/** A whole document; `undefined` leaves an element out, an array repeats it, '' names plain text. */
export function writeXml(root: string, fields: XmlFields): string {
  const xmlns = root === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${xmlns}>${elements(fields)}</${root}>`
}

function elements(fields: XmlFields): string {
  return Object.entries(fields)
    .flatMap(([name, content]) => [content].flat().map((one) => element(name, one)))
    .join('')
}

function element(name: string, content: XmlContent | undefined): string {
  if (content === undefined) return ''
  if (name === '' && typeof content !== 'object') return escapeXml(content)
  return `<${name}>${typeof content === 'object' ? elements(content) : escapeXml(content)}</${name}>`
}

// Control characters are legal in keys and not in XML 1.0; S3 writes them as references all the same.
function escapeXml(content: string | number | boolean): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold them, XML may not
  return String(content).replace(/[&<>"'\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => {
    return named[character] ?? `&#x${character.charCodeAt(0).toString(16)};`
  })
}

const named: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;'
}

export interface XmlNode {
  name: string
  text: string
  children: XmlNode[]
}

const TOKEN =
  /<\?.*?\?>|<!--.*?-->|<!\[CDATA\[(?<raw>.*?)\]\]>|<\/(?<closed>[^\s>]+)\s*>|<(?<opened>[^\s/>!?]+)[^>]*?(?<empty>\/?)>|(?<text>[^<]+)/gsy

/** The document's root, or null when it is not well-formed. Prefixes of names are dropped. */
export function readXml(source: string): XmlNode | null {
  const document: XmlNode = { name: '', text: '', children: [] }
  const path = [document]
  let end = 0
  for (const { 0: token, groups, index } of source.replace(/^\ufeff/, '').matchAll(TOKEN)) {
    end = index + token.length
    const here = path.at(-1)!
    const { raw, closed, opened, empty, text } = groups!
    if (opened) {
      const node = { name: localName(opened), text: '', children: [] }
      here.children.push(node)
      if (!empty) path.push(node)
    } else if (closed) {
      if (path.length === 1 || here.name !== localName(closed)) return null
      path.pop()
    } else here.text += raw ?? unescapeXml(text ?? '')
  }
  const wellFormed =
    end === source.replace(/^\ufeff/, '').length && path.length === 1 && !document.text.trim()
  return wellFormed && document.children.length === 1 ? document.children[0]! : null
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (!name) return String.fromCodePoint(Math.min(Number(hex ? `0x${hex}` : decimal), 0x10ffff))
    return Object.entries(named).find(([, reference]) => reference === whole)?.[0] ?? whole
  })
}

/** The children of that name; of none when there are none. */
export function children(node: XmlNode, name: string): XmlNode[] {
  return node.children.filter((child) => child.name === name)
}

/** The text of the first child of that name. */
export function childText(node: XmlNode, name: string): string | undefined {
  return children(node, name)[0]?.text
}
