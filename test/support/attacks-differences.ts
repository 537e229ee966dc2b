// Where real stores answer an attack otherwise than the sandbox, and why.

import { cephForms } from './attacks-differences-ceph.ts'
import { cephPuts } from './attacks-differences-ceph-puts.ts'
import { seaweedfsPuts } from './attacks-differences-seaweedfs.ts'
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

/** By the name that TEST_S3_STORE gives; a sentence says why the table cannot be carried out there. */
export type Differences = Record<'ceph' | 'versitygw' | 'seaweedfs', Difference[] | string>

/** Of attacks on POST grants. */
export const postDifferences: Differences = {
  ceph: cephForms,
  versitygw: versitygwForms,
  seaweedfs:
    'SeaweedFS 3.39 answers a form with a redirect and then keeps the type of the form itself'
}

/** Of attacks on PUT grants. */
export const putDifferences: Differences = {
  ceph: cephPuts,
  versitygw: versitygwPuts,
  seaweedfs: seaweedfsPuts
}
