import { signal } from '@preact/signals';
import type { OverlayOptions } from '../overlay/overlay.ts';

/** What whoever looks at the page wants to see over the pictures. */
export const overlayOptions = signal<Omit<OverlayOptions, 'detail'>>({
  boxes: true,
  trails: true,
  zones: true,
});
