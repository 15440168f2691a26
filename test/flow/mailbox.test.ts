import { expect, test } from 'vitest';
import { Mailbox } from '../../src/flow/mailbox.ts';

test('the newest value replaces an unread one, which is dropped once', () => {
  const dropped: number[] = [];
  const mailbox = new Mailbox<number>((value) => dropped.push(value));
  mailbox.put(1);
  mailbox.put(2);
  mailbox.put(3);
  expect([mailbox.take(), dropped]).toEqual([3, [1, 2]]);
});

test('a value is taken once', () => {
  const mailbox = new Mailbox<number>(() => {});
  mailbox.put(1);
  expect([mailbox.isEmpty, mailbox.take(), mailbox.take(), mailbox.isEmpty]).toEqual([
    false,
    1,
    undefined,
    true,
  ]);
});

test('the new value is in place when the old one is dropped, so that a drop may look', () => {
  const seen: (number | undefined)[] = [];
  const mailbox: Mailbox<number> = new Mailbox<number>(() => seen.push(mailbox.take()));
  mailbox.put(1);
  mailbox.put(2);
  expect(seen).toEqual([2]);
});

test('clearing drops what is unread, and nothing twice', () => {
  const dropped: number[] = [];
  const mailbox = new Mailbox<number>((value) => dropped.push(value));
  mailbox.put(1);
  mailbox.clear();
  mailbox.clear();
  expect(dropped).toEqual([1]);
});
