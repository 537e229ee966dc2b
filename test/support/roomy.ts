// Limits that a test which is about something else does not meet; they are counted all the same.

export const roomy = {
  RATE_CREATES_PER_MINUTE: '1000000',
  RATE_CONFIRMS_PER_MINUTE: '1000000',
  RATE_READS_PER_MINUTE: '1000000',
  RATE_ADDRESS_PER_MINUTE: '1000000',
  CONFIRMS_AT_ONCE: '1000',
  SHED_DELAY_MS: '0' // a test's process may stand still for seconds
}
