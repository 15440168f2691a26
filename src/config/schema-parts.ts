import { z } from 'zod';

// What several sections of the configuration are made of.

export const unit = z.number().min(0).max(1);
export const point = z.tuple([unit, unit]).describe('x, y in 0..1 of the picture, from the top left');
export const polygon = z.array(point).min(3).max(64);
export const identifier = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    'use 1 to 64 letters, digits, "-" and "_", a letter or digit first',
  );
export const labels = z.array(z.string().min(1)).min(1);
