// One script of many modules, for a page of a test.

import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

const ESBUILD = resolve('test/browser/node_modules/.bin/esbuild')

/**
 * Bundles what `entry` imports, from src/ or from test/browser/node_modules, into one ES module.
 * @param options more of esbuild's flags, such as `--minify`
 */
export async function bundle(entry: string, ...options: string[]) {
  const flags = ['--bundle', '--format=esm', '--jsx=automatic', '--log-level=warning']
  const { stdout } = await promisify(execFile)(ESBUILD, [entry, ...flags, ...options], {
    // Also for an entry that lies elsewhere, such as in examples/.
    env: { ...process.env, NODE_PATH: resolve('test/browser/node_modules') },
    maxBuffer: 64 * 1024 ** 2
  })
  return stdout
}
