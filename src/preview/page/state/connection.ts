import { signal } from '@preact/signals';
import type { DomainEvent } from '../../../flow/domain-event.ts';
import { followEvents } from '../server/event-source.ts';
import { request } from '../server/request.ts';
import { sleep } from '../server/sleep.ts';
import { refreshCameras } from './cameras.ts';
import { refreshSession } from './session.ts';

/** Whether the device answers; undefined before the first answer. */
export const connected = signal<boolean | undefined>(undefined);

type EventListener = (event: DomainEvent) => void;
const eventListeners = new Set<EventListener>();
const reconnectListeners = new Set<() => void>();

/** Hears of every event as it happens. @returns what ends it */
export function onEvent(listener: EventListener): () => void {
  eventListeners.add(listener);
  return () => eventListeners.delete(listener);
}

/** Hears when the device is back: what happened meanwhile may have been missed. @returns what ends it */
export function onReconnect(listener: () => void): () => void {
  reconnectListeners.add(listener);
  return () => reconnectListeners.delete(listener);
}

/** Follows the device's events until `abort` aborts. The one connection that says whether the device is there. */
export function followDevice(abort: AbortSignal): Promise<void> {
  return followEvents(
    {
      url: '/api/events/stream',
      onMessage: ({ data }) => {
        const event = JSON.parse(data) as DomainEvent;
        for (const listener of eventListeners) listener(event);
        // A camera's badge must not wait for the next turn of asking.
        if (event.type === 'camera.state') void refreshCameras(abort).catch(() => {});
      },
      onConnected: (now) => {
        const was = connected.peek();
        connected.value = now;
        if (!now || was !== false) return;
        void refreshSession().catch(() => {});
        void refreshCameras(abort).catch(() => {});
        for (const listener of reconnectListeners) listener();
      },
      open: (url, headers, signal) => request(url, { headers, signal }),
      sleep,
      random: Math.random,
    },
    abort,
  );
}
