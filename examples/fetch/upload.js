// usage: API=https://directo.example TOKEN=… node upload.js picture.png

import { openAsBlob } from 'node:fs'
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

try {
  const type = types[extname(path).toLowerCase()] ?? 'application/octet-stream'
  console.log(JSON.stringify(await uploadAvatar(await openAsBlob(path, { type }), { api, token })))
} catch (err) {
  console.error(`upload.js: ${err.message}`)
  process.exitCode = 1
}
