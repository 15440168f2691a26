import { describe, expect, it } from 'vitest';
import { TurnQueue } from '../../src/capture/turn-queue.ts';

/** A queue whose taker finishes when the test says so. */
function held() {
  const taken: string[] = [];
  let finish: (goOn: boolean) => void = () => {};
  const over = { count: 0 };
  const queue = new TurnQueue<string>(
    (value, done) => {
      taken.push(value);
      finish = done;
    },
    () => {
      over.count += 1;
    },
  );
  return { queue, taken, over, finish: (goOn = true) => finish(goOn) };
}

describe('TurnQueue', () => {
  it('hands out one value at a time, in order, and is over after the last', () => {
    const { queue, taken, over, finish } = held();
    queue.push('a');
    queue.push('b');
    queue.end();
    expect(taken).toEqual(['a']);
    finish();
    expect(taken).toEqual(['a', 'b']);
    expect(over.count).toBe(0);
    finish();
    expect(over.count).toBe(1);
  });

  it('is over at once when it ends without values', () => {
    const { queue, over } = held();
    queue.end();
    queue.end();
    expect(over.count).toBe(1);
  });

  it('hands out nothing more once the taker has no use for the rest', () => {
    const { queue, taken, over, finish } = held();
    for (const value of ['a', 'b']) queue.push(value);
    finish(false);
    queue.push('c');
    queue.end();
    expect(taken).toEqual(['a']);
    expect(over.count).toBe(1);
  });

  it('takes any number of values from a taker that is done at once', () => {
    let count = 0;
    const queue = new TurnQueue<number>(
      (_, done) => {
        count += 1;
        // What is handed in meanwhile waits its turn instead of piling up on the stack.
        if (count < 100_000) queue.push(count);
        done(true);
      },
      () => {},
    );
    queue.push(0);
    expect(count).toBe(100_000);
  });
});
