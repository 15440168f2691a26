/**
 * UUIDs of version 7 (RFC 9562): ordered by time, and strictly increasing even within a millisecond or when the clock is
 * set back, by counting on in the random bits (section 6.2, method 2).
 */
export class UuidV7 {
  readonly #randomBytes: (size: number) => Uint8Array;
  #atMs = -1;
  /** The 74 bits after the time, version and variant excluded. */
  #tail = 0n;

  /** @param randomBytes cryptographically good bytes */
  constructor(randomBytes: (size: number) => Uint8Array) {
    this.#randomBytes = randomBytes;
  }

  /** Every id from here on is greater than `id`, whatever the clock says: one of an earlier run. */
  follow(id: string): void {
    const bits = BigInt(`0x${id.replaceAll('-', '')}`);
    const atMs = Number(bits >> 80n);
    const tail = (((bits >> 64n) & 0xfffn) << 62n) | (bits & ((1n << 62n) - 1n));
    if (atMs < this.#atMs || (atMs === this.#atMs && tail <= this.#tail)) return;
    this.#atMs = atMs;
    this.#tail = tail;
  }

  /** @param atMs ms since the epoch */
  next(atMs: number): string {
    const wholeMs = Math.floor(atMs);
    if (wholeMs > this.#atMs) {
      this.#atMs = wholeMs;
      // The highest bit starts at 0: room to count on 2^41 times, which no millisecond sees.
      this.#tail = this.#random(73);
    } else {
      this.#tail += 1n + this.#random(32);
    }
    const high = (BigInt(this.#atMs) << 16n) | 0x7000n | (this.#tail >> 62n);
    const low = (0b10n << 62n) | (this.#tail & ((1n << 62n) - 1n));
    const hex = high.toString(16).padStart(16, '0') + low.toString(16).padStart(16, '0');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  #random(bits: number): bigint {
    let value = 0n;
    for (const byte of this.#randomBytes(Math.ceil(bits / 8))) value = (value << 8n) | BigInt(byte);
    return value & ((1n << BigInt(bits)) - 1n);
  }
}
