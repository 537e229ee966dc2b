// A store that survives the process: a folder per bucket, a file per object.

import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { KeyIndex } from './key-index.ts'
import { fileName, readFacts, readPart, writeFacts } from './object-file.ts'
import type { Bucket, Draft, ObjectFacts, Settings, Store, StoredObject } from './store.ts'

const open = promisify(fs.open)
const write = promisify(fs.write)

/** Everything found in the folder is in the index before this returns. */
export function diskStore(folder: string): Store {
  fs.mkdirSync(folder, { recursive: true })
  const names = fs.readdirSync(folder).filter((name) => fs.existsSync(aboutFile(folder, name)))
  const buckets = new Map(names.map((name) => [name, openBucket(folder, name)]))
  return {
    buckets,
    createBucket: (name, createdAtMs) => {
      fs.mkdirSync(join(folder, name, 'objects'), { recursive: true })
      writeAbout(folder, name, { createdAtMs, settings: {} })
      const bucket = openBucket(folder, name)
      buckets.set(name, bucket)
      return bucket
    },
    deleteBucket: (name) => {
      fs.rmSync(join(folder, name), { recursive: true })
      buckets.delete(name)
    }
  }
}

interface About {
  createdAtMs: number
  settings: Settings
}

function aboutFile(folder: string, name: string): string {
  return join(folder, name, 'bucket.json')
}

function writeAbout(folder: string, name: string, about: About) {
  const draft = `${aboutFile(folder, name)}.draft`
  fs.writeFileSync(draft, JSON.stringify(about))
  fs.renameSync(draft, aboutFile(folder, name))
}

function openBucket(folder: string, name: string): Bucket {
  const about: About = JSON.parse(fs.readFileSync(aboutFile(folder, name), 'utf8'))
  const objectsFolder = join(folder, name, 'objects')
  const drafts = join(folder, name, 'drafts')
  fs.rmSync(drafts, { recursive: true, force: true }) // what a kill left half written
  fs.mkdirSync(drafts)
  const objects = new KeyIndex<StoredObject>()
  const fileOf = (key: string) => join(objectsFolder, fileName(key))
  const index = (facts: ObjectFacts) =>
    objects.set(facts.key, {
      ...facts,
      read: (start = 0, end = facts.sizeBytes) => readPart(fileOf(facts.key), start, end)
    })
  for (const file of fs.readdirSync(objectsFolder)) {
    const facts = readFacts(join(objectsFolder, file))
    if (facts && fileName(facts.key) === file) index(facts)
  }
  const bucket: Bucket = {
    name,
    ...about,
    objects,
    draft: () => draftIn(drafts, fileOf, index),
    remove: (key) => {
      fs.rmSync(fileOf(key), { force: true })
      objects.delete(key)
    },
    configure: (settings) => {
      writeAbout(folder, name, { createdAtMs: about.createdAtMs, settings })
      bucket.settings = settings
    }
  }
  return bucket
}

async function draftIn(
  drafts: string,
  fileOf: (key: string) => string,
  index: (facts: ObjectFacts) => void
): Promise<Draft> {
  const path = join(drafts, randomUUID())
  let file: number | null = await open(path, 'w')
  return {
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        at += (await write(file!, bytes, at, bytes.length - at)).bytesWritten
      }
    },
    commit: (facts) => {
      writeFacts(file!, facts)
      fs.closeSync(file!)
      file = null
      fs.renameSync(path, fileOf(facts.key)) // readers have the old file or the new one
      index(facts)
    },
    discard: () => {
      if (file === null) return
      fs.closeSync(file)
      file = null
      fs.rmSync(path, { force: true })
    }
  }
}
