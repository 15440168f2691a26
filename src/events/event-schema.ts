import { z } from 'zod';
import { domainEventSchema } from '../flow/domain-event.ts';

/** JSON Schema (draft 2020-12) of every message on `cameras/<cam>/events`. */
export function eventJsonSchema(): Record<string, unknown> {
  return { title: 'Ocellus event', ...z.toJSONSchema(domainEventSchema, { target: 'draft-2020-12' }) };
}
