// The objects of a bucket by key, in the order S3 lists them: by the bytes of their UTF-8.

export class KeyIndex<Value> {
  /** By key, spelled so that JavaScript sorts it as S3 does. */
  readonly #values = new Map<string, Value>()
  /** The spelled keys in order, in blocks small enough to be changed in place. */
  readonly #blocks: string[][] = [[]]
  readonly #blockKeys: number

  constructor(blockKeys = 1000) {
    this.#blockKeys = blockKeys
  }

  get size() {
    return this.#values.size
  }

  get(key: string): Value | undefined {
    return this.#values.get(spelled(key))
  }

  set(key: string, value: Value) {
    const name = spelled(key)
    const isNew = !this.#values.has(name)
    this.#values.set(name, value)
    if (!isNew) return
    const { index, block, at } = this.#place(name)
    block.splice(at, 0, name)
    if (block.length <= this.#blockKeys) return
    this.#blocks.splice(index + 1, 0, block.splice(this.#blockKeys / 2))
  }

  delete(key: string) {
    const name = spelled(key)
    if (!this.#values.delete(name)) return
    const { index, block, at } = this.#place(name)
    block.splice(at, 1)
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(index, 1)
  }

  /** The values whose keys come after `key` and start with `prefix`, in order. */
  *after(key: string, prefix = ''): Generator<Value> {
    const start = spelled(prefix)
    let from = behind(spelled(key))
    if (from < start) from = start
    for (;;) {
      const { index, block, at } = this.#place(from)
      // Copied, for keys may come and go meanwhile.
      const names = at < block.length ? block.slice(at) : [...(this.#blocks[index + 1] ?? [])]
      if (names.length === 0) return
      for (const name of names) {
        if (!name.startsWith(start)) return
        const value = this.#values.get(name)
        if (value !== undefined) yield value
      }
      from = behind(names.at(-1)!)
    }
  }

  // Where a key is, or would be: before the first that is not smaller, or behind a block's last.
  #place(name: string) {
    const blocks = this.#blocks
    const index = firstIndex(blocks.length, (i) => i > 0 && blocks[i]![0]! > name) - 1
    const block = blocks[index]!
    return { index, block, at: firstIndex(block.length, (i) => block[i]! >= name) }
  }
}

const behind = (name: string) => `${name}\0` // nothing is between the two

// UTF-16 has characters beyond U+FFFF before those from U+E000 on, UTF-8 has them behind.
const spelled = (key: string) => key.replace(/[\ud800-\uffff]/g, moved)
const moved = (unit: string) =>
  String.fromCharCode(unit.charCodeAt(0) + (unit < '\ue000' ? 0x2000 : -0x800))

// By halves: `holds` is false up to some index and true from it on.
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
