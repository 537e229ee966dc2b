// Makes a picture the avatar of the token's user, from Node.

import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'

import { uploadAvatar } from './directo.js'

const types = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.avif': 'image/avif'
}
const [, , path] = process.argv
const { API: api, TOKEN: token } = process.env

if (!path || !api || !token) {
  console.error('usage: API=https://directo.example TOKEN=… node upload.js picture.png')
  process.exit(2)
}

try {
  const type = types[extname(path).toLowerCase()] ?? 'application/octet-stream'
  const picture = new Blob([await readFile(path)], { type })
  console.log(JSON.stringify(await uploadAvatar(picture, { api, token })))
} catch (err) {
  console.error(`upload.js: ${err.message}`)
  process.exitCode = 1
}
