import type { Camera } from '../server/contract.ts';
import { words } from '../state/words.ts';

type Tone = 'ok' | 'warn' | 'alert' | 'off';

/** How a camera's state is coloured: live is only well without a cause. */
export function toneOf({ state }: Pick<Camera, 'state'>): Tone {
  if (state.state === 'live') return state.cause === null ? 'ok' : 'warn';
  if (state.state === 'disabled') return 'off';
  return state.state === 'failed' ? 'alert' : 'warn';
}

/** A camera's state and cause in words and colour. */
export function StateBadge({ camera }: { readonly camera: Camera }) {
  const { state, cause } = camera.state;
  return (
    <span class={`badge tone-${toneOf(camera)}`}>
      <span class="dot" aria-hidden="true" />
      {cause === null ? state : `${state}: ${words(cause)}`}
    </span>
  );
}
