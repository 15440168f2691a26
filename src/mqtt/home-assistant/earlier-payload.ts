import { z } from 'zod';
import { type Component, joined, ORIGIN } from './discovery-payload.ts';

const schema = z.object({
  device: z.object({ identifiers: z.array(z.string()).min(1) }),
  origin: z.object({ name: z.literal(ORIGIN) }),
  components: z.record(z.string(), z.looseObject({ platform: z.string() })),
});

/**
 * Reads what an earlier run announced.
 *
 * @returns its components by key; undefined when the payload is not of this device
 */
export function earlierComponents(
  deviceId: string,
  payload: string,
): Readonly<Record<string, Component>> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(payload);
  } catch {
    // Somebody else's.
    return undefined;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) return undefined;
  const own = joined('ocellus', deviceId);
  const [identifier] = parsed.data.device.identifiers;
  // `_` within an id is doubled: `ocellus_a` is no start of what belongs to the device `a_b`.
  const isOwn = identifier === own || new RegExp(`^${own}_[A-Za-z0-9]`).test(identifier!);
  return isOwn ? parsed.data.components : undefined;
}
