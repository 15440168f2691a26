/** Of Node's pool for small buffers; Node's own is 8 KiB. */
const POOL_BYTES = 512;

/**
 * Node cuts small buffers out of a shared one, which stays as long as any of them. mqtt-packet keeps 3 bytes for every length of a
 * message for good, up to 16,384 of them: at 8 KiB each that is 128 MiB, reached within days. With a small pool it is 8 MiB.
 */
export function keepBufferPoolSmall(): void {
  Buffer.poolSize = POOL_BYTES;
}
