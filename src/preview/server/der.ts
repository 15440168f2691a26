// Distinguished Encoding Rules (ITU-T X.690), as far as a certificate needs them.

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}

export const sequence = (...items: Buffer[]) => tagged(TAG.sequence, Buffer.concat(items));
export const setOf = (...items: Buffer[]) => tagged(TAG.set, Buffer.concat(items));
export const octetString = (content: Buffer) => tagged(TAG.octetString, content);
export const utf8String = (text: string) => tagged(TAG.utf8String, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean) => tagged(TAG.boolean, Buffer.from([value ? 0xff : 0]));
/** Whole bytes: none of the last one's bits is unused. */
export const bitString = (content: Buffer, unusedBits = 0) =>
  tagged(TAG.bitString, Buffer.concat([Buffer.from([unusedBits]), content]));
/** `[number]` of a sequence, around a whole value. */
export const explicit = (number: number, content: Buffer) => tagged(0xa0 | number, content);
/** `[number]` of a choice, instead of the tag of its value. */
export const implicit = (number: number, content: Buffer) => tagged(0x80 | number, content);

/** A positive integer from its bytes, most significant first. */
export function unsignedInteger(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.from([0]) : bytes.subarray(start);
  return tagged(TAG.integer, digits[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

/** @param dotted such as `2.5.4.3` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const septets = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) septets.unshift((high & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tagged(TAG.oid, Buffer.from(bytes));
}

/** A time as RFC 5280 (4.1.2.5) wants it: two digits of the year to 2049, four from 2050. @param atMs since the epoch */
export function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return Number(digits.slice(0, 4)) < 2050
    ? tagged(TAG.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : tagged(TAG.generalizedTime, Buffer.from(digits, 'ascii'));
}
