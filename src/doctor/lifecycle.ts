// Checks: what is left in staging/ expires, and nothing in avatars/ does.

import { GetBucketLifecycleConfigurationCommand, type LifecycleRule } from '@aws-sdk/client-s3'

import type { S3 } from '../s3/bucket.ts'
import { type Check, fail, note, type Prefix, pass, type Subject } from './check.ts'
import { isForbidden, isRefusal, isUnknownCall, statusOf } from './errors.ts'

const RULE =
  '{"ID": "directo", "Status": "Enabled", "Filter": {"Prefix": "staging/"}, "Expiration": {"Days": 1}}'

const MOST_DAYS = 7 // what is sent in vain is nobody's avatar, and not meant to stay

export const lifecycle: Check[] = [
  { name: 'lifecycle of staging/', needs: ['bucket'], run: looking(ofStaging) },
  { name: 'lifecycle of avatars/', needs: ['bucket'], run: looking(ofAvatars) }
]

function ofStaging(rules: LifecycleRule[]) {
  const days = rules.flatMap((one) => (covers(one, 'staging/') && one.Expiration?.Days) || [])
  const soonest = Math.min(...days)
  if (soonest <= MOST_DAYS) return pass(`expires after ${soonest} d`)
  const found = days.length > 0 ? `expires only after ${soonest} d` : 'nothing expires there'
  return fail(found, `directo bucket setup, or the rule ${RULE}`)
}

function ofAvatars(rules: LifecycleRule[]) {
  const rule = rules.find((one) => takesAway(one) && touches(one, 'avatars/'))
  if (!rule) return pass('nothing touches it')
  const name = `${rule.ID ?? 'without ID'}, prefix "${prefixOf(rule)}"`
  return fail(`a rule takes pictures away (${name})`, 'remove it, or give it another prefix')
}

// An archived object cannot be read without being fetched back first.
const takesAway = ({ Expiration, Transitions = [] }: LifecycleRule) =>
  Boolean(Expiration?.Days || Expiration?.Date) ||
  Transitions.some(({ StorageClass = '' }) => /^(GLACIER|DEEP_ARCHIVE)$/.test(StorageClass))

function looking(judge: (rules: LifecycleRule[]) => ReturnType<typeof pass>): Check['run'] {
  return async ({ s3, signal }: Subject) => {
    try {
      return judge((await readRules(s3, signal)) ?? [])
    } catch (err) {
      if (isUnknownCall(err)) return note('the store has no call for it')
      if (isForbidden(err)) return note('we may not read it (s3:GetLifecycleConfiguration)')
      throw err
    }
  }
}

/** The rules that are on, or null when there are none. */
export async function readRules(s3: S3, signal: AbortSignal) {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: s3.name })
  try {
    const { Rules = [] } = await s3.sender.send(command, { abortSignal: signal })
    return Rules.filter(({ Status }) => Status === 'Enabled')
  } catch (err) {
    if (isRefusal(err) && statusOf(err) === 404) return null
    throw err
  }
}

/** Whether versions that were replaced or deleted in avatars/ stay. */
export const keepsNoncurrent = (rules: LifecycleRule[]) =>
  !rules.some((rule) => rule.NoncurrentVersionExpiration && covers(rule, 'avatars/'))

const prefixOf = ({ Filter, Prefix }: LifecycleRule) =>
  Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? ''

// Ours carry no tags: a rule for tagged objects is not about them.
const isForTagged = ({ Filter }: LifecycleRule) => Boolean(Filter?.Tag || Filter?.And?.Tags?.length)

const isForSize = ({ Filter }: LifecycleRule) =>
  [Filter, Filter?.And].some((one) => one?.ObjectSizeGreaterThan || one?.ObjectSizeLessThan)

const covers = (rule: LifecycleRule, prefix: Prefix) =>
  !isForTagged(rule) && !isForSize(rule) && prefix.startsWith(prefixOf(rule))

const touches = (rule: LifecycleRule, prefix: Prefix) =>
  !isForTagged(rule) && (prefix.startsWith(prefixOf(rule)) || prefixOf(rule).startsWith(prefix))
