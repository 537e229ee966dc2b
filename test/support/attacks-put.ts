// Attacks on a presigned PUT, each with what a store that enforces it answers.

import { content } from './attacks-put-content.ts'
import { headers } from './attacks-put-headers.ts'
import { keys } from './attacks-put-keys.ts'
import { signatures } from './attacks-put-signatures.ts'

export const putAttacks = [...keys, ...content, ...headers, ...signatures]
