// Attacks on a POST policy, each with what a store that enforces it answers (T01–T12 of the threats).

import { content } from './attacks-content.ts'
import { fields } from './attacks-fields.ts'
import { keys } from './attacks-keys.ts'
import { parsers } from './attacks-parsers.ts'
import { signatures } from './attacks-signatures.ts'

export const attacks = [...keys, ...content, ...fields, ...parsers, ...signatures]
