import { bytes, duration, percent, words } from './words.ts';

/** What the API tells of the device; its sections grow with the program, and the page shows what is there. */
export type DeviceReport = Readonly<Record<string, unknown>> & {
  readonly deviceId: string;
  readonly version: string;
  readonly uptimeMs: number;
};

/** Why the device is slowed down at this moment, in words; undefined when it is not. */
export function slowedDownBy(report: DeviceReport | undefined): string | undefined {
  const { throttling } = (report ?? {}) as {
    throttling?: { active: boolean | null; reasons: readonly string[] };
  };
  if (throttling?.active !== true) return undefined;
  return throttling.reasons.map((reason) => words(reason).replace(':', ': ')).join(', ');
}

export interface Section {
  readonly title: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

/** What is not written as other words are. */
const TITLES: Readonly<Record<string, string>> = { mqtt: 'MQTT', gpu: 'GPU' };
const OWN = new Set(['deviceId', 'version', 'uptimeMs']);

/** The report as titled lists of facts, each with the unit that its name ends in. */
export function sectionsOf(report: DeviceReport | undefined): Section[] {
  return Object.entries(report ?? {}).flatMap(([title, value]) => {
    if (OWN.has(title) || !isRecord(value)) return [];
    const facts = factsOf(value, '');
    return facts.length === 0 ? [] : [{ title: TITLES[title] ?? words(title), facts }];
  });
}

function factsOf(record: Readonly<Record<string, unknown>>, prefix: string): Section['facts'] {
  return Object.entries(record).flatMap(([key, value]) => {
    if (isRecord(value)) {
      // Of a list with one entry it is clear which is meant; of others the name is before each fact.
      if (!Array.isArray(record)) return factsOf(value, `${prefix}${nameOf(value, key)} `);
      if (record.length === 1) return factsOf(value, prefix);
      const { name: _, ...rest } = value;
      return factsOf(rest, `${prefix}${nameOf(value, key)} `);
    }
    if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return [];
    const [name, text] = withUnit(key, value);
    return [{ name: `${prefix}${name}`, value: text }];
  });
}

/** Entries of a list are called by their own name, where they have one. */
function nameOf(value: Readonly<Record<string, unknown>>, key: string): string {
  return typeof value.name === 'string' ? value.name : spaced(key);
}

const UNITS: readonly (readonly [suffix: RegExp, format: (value: number) => string])[] = [
  [/Percent$/, (value) => percent(value / 100)],
  [/Bytes$/, bytes],
  [/AtMs$/, (value) => new Date(value).toLocaleString()],
  [/(Uptime|age)Ms$/i, duration],
  [/Ms$/, (value) => `${value} ms`],
  [/Mhz$/, (value) => `${value} MHz`],
  [/W$/, (value) => `${value.toFixed(1)} W`],
  [/Rpm$/, (value) => `${value} / min`],
  [/C$/, (value) => `${value.toFixed(0)} °C`],
  [/^load/, (value) => value.toFixed(2)],
];

function withUnit(key: string, value: unknown): [name: string, text: string] {
  if (typeof value === 'number') {
    const unit = UNITS.find(([suffix]) => suffix.test(key));
    if (unit !== undefined)
      return [spaced(key.replace(/(AtMs|Percent|Bytes|Ms|Mhz|W|Rpm|C)$/, '')), unit[1](value)];
  }
  if (typeof value === 'boolean') return [spaced(key), value ? 'yes' : 'no'];
  return [spaced(key), Array.isArray(value) ? value.join(', ') : String(value)];
}

/** `oldestAt` -> `oldest at`. */
function spaced(name: string): string {
  return words(name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase());
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) return value.length > 0 && value.every((entry) => typeof entry === 'object');
  return typeof value === 'object' && value !== null;
}
