// Who somebody without a token is, as far as an address can tell.

/**
 * What stands for a client's address: an IPv6 one counts with all of its network, for whoever has one has the
 * 2⁶⁴ others of the same /64 too. Who has hung up has none any more, and no answer to wait for.
 */
export function networkOf(address = ''): string {
  // Also in `::ffff:192.0.2.1`, and where a proxy has added the port.
  const [v4] = /\d+\.\d+\.\d+\.\d+/.exec(address) ?? []
  if (v4) return v4
  const [head = '', tail] = address.split('::')
  const first = head.split(':')
  if (tail === undefined) return first.slice(0, 4).join(':')
  const last = tail.split(':')
  const zeros = Array(Math.max(0, 8 - first.length - last.length)).fill('0')
  return [...first, ...zeros, ...last].slice(0, 4).join(':')
}
