import { InvalidArgumentError } from 'commander';

// Readers of option values, for commander. Each throws `InvalidArgumentError` with what would be valid.

/** A number in 0..1. */
export function unit(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('give a number in 0..1');
  return value;
}

/** A finite number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('give a number above 0');
  return value;
}

/** A whole number from 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number from 1');
  return value;
}

/** A TCP port; 0: any that is free. */
export function tcpPort(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new InvalidArgumentError('give a port, 0 to 65535');
  }
  return value;
}
