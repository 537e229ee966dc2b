// Calls that leave the process, and who watches them: nobody, unless there are metrics or traces.

/**
 * Does a call's work, and sees when it begins, how long it takes and what comes of it; never to what
 * it is done, nor with what. The operation is a verb of `s3Verbs`, a statement with `$1` where its
 * parameters go, or a pass of the janitor; a `step` is a statement within a transaction.
 */
export type Watch = <Result>(
  to: Callee,
  operation: string,
  work: () => Promise<Result>
) => Promise<Result>

export type Callee = 's3' | 'postgres' | 'step' | 'janitor'

/** The operation that stands for a whole transaction. */
export const TRANSACTION = 'transaction'

/** What the bucket asks of S3, and what that is called there. */
export const s3Verbs = {
  head: 'HeadObject',
  read: 'GetObject',
  hash: 'GetObject',
  copy: 'CopyObject',
  list: 'ListObjectsV2',
  delete: 'DeleteObjects',
  read_label: 'GetObject',
  write_label: 'PutObject',
  ping: 'HeadBucket'
}
export type S3Verb = keyof typeof s3Verbs

export const unwatched: Watch = (_to, _operation, work) => work()

/** All of them, the first around the others. */
export const watchedBy = (...all: (Watch | null | undefined)[]): Watch =>
  all
    .filter((one) => one != null)
    .reduce(
      (outer, inner) => (to, operation, work) =>
        outer(to, operation, () => inner(to, operation, work)),
      unwatched
    )
