// Every effect of every operation, in the order of each wire, as a recording gives it. A test holds
// this list to the code: an effect that is added is reviewed here and tested everywhere by itself.

import type { OperationName } from './operations.ts'

export const points: Record<OperationName, { postgres: string[]; s3: string[] }> = {
  create: {
    postgres: ['insert uploads + insert users'],
    s3: []
  },
  'confirm another': {
    postgres: ['insert objects', 'select commit_upload'],
    s3: ['HeadObject staging', 'CopyObject avatars', 'GetObject avatars']
  },
  'confirm the first': {
    postgres: ['insert objects', 'select commit_upload'],
    s3: ['HeadObject staging', 'CopyObject avatars', 'GetObject avatars']
  },
  'confirm a large one with its SHA-256': {
    postgres: ['insert objects', 'select commit_upload'],
    s3: [
      'HeadObject staging',
      'CopyObject avatars',
      'GetObject avatars',
      'GetObject avatars #2',
      'GetObject avatars #3'
    ]
  },
  'confirm what lies about its type': {
    postgres: ['insert objects', 'update uploads reasons', 'select uploads'],
    s3: ['HeadObject staging', 'GetObject staging']
  },
  'confirm what is no picture': {
    postgres: ['insert objects', 'update uploads reasons', 'select uploads'],
    s3: ['HeadObject staging', 'CopyObject avatars', 'GetObject avatars']
  },
  abort: {
    postgres: ['update uploads discarded_at'],
    s3: []
  },
  remove: {
    postgres: [
      'begin',
      'select users for update',
      'update users avatar_key',
      'update objects discarded_at',
      'commit'
    ],
    s3: []
  },
  erase: {
    postgres: [
      'begin',
      'lock uploads',
      'insert users',
      'update uploads discarded_at',
      'update objects discarded_at',
      'commit',
      'update objects purged_at'
    ],
    s3: ['DeleteObjects']
  },
  sweep: {
    postgres: [
      'begin',
      'update uploads discarded_at',
      'commit',
      'update uploads purged_at',
      'begin #2',
      'update objects discarded_at',
      'commit #2',
      'update objects purged_at',
      'delete uploads',
      'delete objects',
      'begin #3',
      'select users',
      'commit #3'
    ],
    s3: ['DeleteObjects', 'DeleteObjects #2']
  },
  reconcile: {
    postgres: [
      'insert walks',
      'select installation',
      'select uploads',
      'select now',
      'update walks ended_at',
      'update walks held_until',
      'insert walks #2',
      'select installation #2',
      'select users',
      'select uploads #2',
      'select now #2',
      'update walks ended_at #2',
      'update walks held_until #2'
    ],
    s3: [
      'GetObject directo-label',
      'ListObjectsV2 staging',
      'DeleteObjects',
      'GetObject directo-label #2',
      'ListObjectsV2 avatars',
      'DeleteObjects #2'
    ]
  }
}
