// The objects of a bucket by key, in the order S3 lists them: by the bytes of their UTF-8.

export class KeyIndex<Value> {
  readonly #values = new Map<string, Value>()
  #sorted: Buffer[] | null = []

  get size() {
    return this.#values.size
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: Value) {
    if (!this.#values.has(key)) this.#sorted = null
    this.#values.set(key, value)
  }

  delete(key: string) {
    if (this.#values.delete(key)) this.#sorted = null
  }

  /** The values whose keys come after `key`, in order. */
  *after(key: string): Generator<Value> {
    const sorted = this.#order()
    const wanted = Buffer.from(key)
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (Buffer.compare(sorted[middle]!, wanted) > 0) high = middle
      else low = middle + 1
    }
    for (const found of sorted.slice(low)) {
      const value = this.#values.get(found.toString())
      if (value !== undefined) yield value
    }
  }

  #order(): Buffer[] {
    this.#sorted ??= [...this.#values.keys()].map((key) => Buffer.from(key)).sort(Buffer.compare)
    return this.#sorted
  }
}
