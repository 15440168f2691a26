import { expect, it } from 'vitest';
import { Turns } from '../../src/base/turns.ts';

const never = new AbortController().signal;

/** Work that ends when it is told to. */
function work(name: string, begun: string[]) {
  let end = (_: string) => {};
  let fail = (_: Error) => {};
  const done = new Promise<string>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const run = () => {
    begun.push(name);
    return done;
  };
  return { run, end: () => end(name), fail: () => fail(new Error(name)) };
}

it('runs one after the other, whatever becomes of the one before', async () => {
  const turns = new Turns();
  const begun: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => work(name, begun)) as [Work, Work, Work];
  const results = [turns.run(a.run, never), turns.run(b.run, never), turns.run(c.run, never)];
  await Promise.resolve();
  expect(begun).toEqual(['a']);
  a.fail();
  await expect(results[0]).rejects.toThrow('a');
  b.end();
  c.end();
  expect(await results[1]).toBe('b');
  expect(await results[2]).toBe('c');
  expect(begun).toEqual(['a', 'b', 'c']);
});

it('does not keep those waiting who have given up', async () => {
  const turns = new Turns();
  const begun: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => work(name, begun)) as [Work, Work, Work];
  const abort = new AbortController();
  const first = turns.run(a.run, never);
  const second = turns.run(b.run, abort.signal);
  const third = turns.run(c.run, never);
  abort.abort();
  await expect(second).rejects.toMatchObject({ name: 'AbortError' });
  a.end();
  c.end();
  expect([await first, await third]).toEqual(['a', 'c']);
  expect(begun).toEqual(['a', 'c']);
});

type Work = ReturnType<typeof work>;
