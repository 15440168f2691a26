import type { PreviewParts } from '../ports.ts';
import { HttpProblem } from './problem.ts';

const RETRY_AFTER_S = '30';

/** Each viewer takes memory of its own. @throws HttpProblem 503 while the device is short of it */
export function requireMemory({ savesMemory }: Pick<PreviewParts, 'savesMemory'>): void {
  if (!savesMemory()) return;
  throw new HttpProblem(503, 'the device is short of memory: nobody else can watch live now', {
    hint: 'wait, or give it less to do; /api/device says how much it has',
    headers: { 'retry-after': RETRY_AFTER_S },
  });
}
