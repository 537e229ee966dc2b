// Takes every byte of one value out of others.

/** Not by strings: a text of newlines alone would become a million of them. */
export function without(bytes: Buffer, value: number): Buffer {
  if (!bytes.includes(value)) return bytes
  const rest = Buffer.alloc(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    rest[length] = bytes[at]!
    if (bytes[at] !== value) length += 1
  }
  return rest.subarray(0, length)
}
