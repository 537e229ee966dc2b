// Where real stores answer an attack otherwise than the sandbox, and why.

import { cephForms } from './attacks-differences-ceph.ts'
import { cephPuts } from './attacks-differences-ceph-puts.ts'
import { versitygwForms, versitygwPuts } from './attacks-differences-versitygw.ts'

/** One that is answered with success stores something under the signed key, and nothing elsewhere. */
export interface Difference {
  attack: string
  status: number
  code?: string
  /** At other times it answers as the sandbox does. */
  sometimes?: true
  because: string
}

/** By the name that TEST_S3_STORE gives, which is one of the presets. */
export type Differences = Partial<Record<'ceph' | 'versitygw' | 'seaweedfs', Difference[]>>

/** Of attacks on POST grants. */
export const postDifferences: Differences = { ceph: cephForms, versitygw: versitygwForms }

/** Of attacks on PUT grants. */
export const putDifferences: Differences = { ceph: cephPuts, versitygw: versitygwPuts }
