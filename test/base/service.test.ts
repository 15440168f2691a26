import { describe, expect, test } from 'vitest';
import type { LogFields, Logger } from '../../src/base/log.ts';
import { silentLogger } from '../../src/base/log.ts';
import { type Service, ServiceStack } from '../../src/base/service.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const { signal } = new AbortController();

function service(name: string, story: string[], faults: Partial<Service> = {}): Service {
  return {
    name,
    start: async () => void story.push(`start ${name}`),
    close: async () => void story.push(`close ${name}`),
    ...faults,
  };
}

/** A logger that keeps its errors. */
function recorder(): Logger & { errors: LogFields[] } {
  const errors: LogFields[] = [];
  return { ...silentLogger, errors, error: (fields) => void errors.push(fields) };
}

describe('ServiceStack', () => {
  test('closes in the reverse order of starting', async () => {
    const story: string[] = [];
    const stack = new ServiceStack(silentLogger, new FakeClock());
    for (const name of ['store', 'broker', 'camera']) await stack.start(service(name, story), signal);
    await stack.close(1_000);
    expect(story.slice(3)).toEqual(['close camera', 'close broker', 'close store']);
  });

  test('what failed to start is closed with the rest, and the failure is the caller’s', async () => {
    const story: string[] = [];
    const stack = new ServiceStack(silentLogger, new FakeClock());
    await stack.start(service('store', story), signal);
    const broken = service('broker', story, { start: () => Promise.reject(new Error('refused')) });
    await expect(stack.start(broken, signal)).rejects.toThrow('refused');
    await stack.close(1_000);
    expect(story).toEqual(['start store', 'close broker', 'close store']);
  });

  test('one that fails to close is reported and does not keep the others open', async () => {
    const story: string[] = [];
    const log = recorder();
    const stack = new ServiceStack(log, new FakeClock());
    await stack.start(service('store', story), signal);
    await stack.start(service('camera', story, { close: () => Promise.reject(new Error('stuck')) }), signal);
    await stack.close(1_000);
    expect(story).toContain('close store');
    expect(log.errors).toEqual([{ service: 'camera', error: 'stuck' }]);
  });

  test('one that never closes is given up after its deadline', async () => {
    const story: string[] = [];
    const log = recorder();
    const clock = new FakeClock();
    const stack = new ServiceStack(log, clock);
    await stack.start(service('store', story), signal);
    await stack.start(service('camera', story, { close: () => new Promise(() => {}) }), signal);
    const closed = stack.close(1_000);
    await clock.advance(1_500);
    await closed;
    expect(story).toContain('close store');
    expect(log.errors).toEqual([{ service: 'camera', error: 'closing camera took longer than 1500 ms' }]);
  });

  test('closing twice closes once', async () => {
    const story: string[] = [];
    const stack = new ServiceStack(silentLogger, new FakeClock());
    await stack.start(service('store', story), signal);
    await Promise.all([stack.close(1_000), stack.close(1_000)]);
    await stack.close(1_000);
    expect(story).toEqual(['start store', 'close store']);
  });
});
