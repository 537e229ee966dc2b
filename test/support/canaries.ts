// Secrets, and every form in which they might be found where they do not belong.

import { randomBytes } from 'node:crypto'

/** Their names and what they are. */
export type Canaries = Record<string, string>

/** A secret that nobody else has, with letters that some forms write differently. */
export const canary = (name: string) => `${name}+/${randomBytes(18).toString('base64url')}`

/** Which of them are in a text, each with the form in which it is. */
export function found(canaries: Canaries, text: string): string[] {
  return Object.entries(canaries).flatMap(([name, secret]) =>
    Object.entries(formsOf(secret))
      .filter(([, form]) => text.includes(form))
      .map(([form]) => `${name}, ${form}`)
  )
}

const known = new Map<string, Record<string, string>>()

/** As it is, and as URLs, JSON, headers, base64 and hex have it. */
export function formsOf(secret: string): Record<string, string> {
  // What is shorter is found by chance.
  if (secret.length < 12) throw new Error(`${secret} is too short for a canary`)
  const forms = known.get(secret) ?? allForms(secret)
  known.set(secret, forms)
  return forms
}

function allForms(secret: string) {
  const bytes = Buffer.from(secret)
  const encoded = encodeURIComponent(secret)
  const base64 = [0, 1, 2].map((offset) => inside(bytes, offset))
  return {
    plain: secret,
    'in small letters': secret.toLowerCase(),
    'as JSON': JSON.stringify(secret).slice(1, -1),
    'in a URL': encoded,
    'in a URL, small': encoded.replace(/%../g, (code) => code.toLowerCase()),
    'in a URL, twice': encodeURIComponent(encoded),
    hex: bytes.toString('hex'),
    HEX: bytes.toString('hex').toUpperCase(),
    ...Object.fromEntries(base64.map((text, offset) => [`base64 at ${offset}`, text])),
    ...Object.fromEntries(base64.map((text, offset) => [`base64url at ${offset}`, urlSafe(text)]))
  }
}

// Of a longer text in base64, the letters that are made of nothing but the secret.
function inside(bytes: Buffer, offset: number) {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  const from = Math.ceil((offset * 8) / 6)
  return text.slice(from, Math.floor(((offset + bytes.length) * 8) / 6))
}

const urlSafe = (base64: string) => base64.replaceAll('+', '-').replaceAll('/', '_')
