// npm run openapi: writes what the routes say of themselves to openapi.json.

import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'

const FILE = 'openapi.json'

if (!existsSync(FILE))
  writeFileSync(FILE, '{"info":{"description":""},"paths":{},"components":{"schemas":{}}}') // the app serves it
const { describeApi } = await import('./describe.ts')
writeFileSync(FILE, JSON.stringify(await describeApi(), null, 2))
spawnSync('biome', ['format', '--write', FILE], { stdio: 'inherit' })
