import { describe, expect, test } from 'vitest';
import { EventStreamParser } from '../../../../src/preview/page/server/event-stream-parser.ts';

const messages = (...chunks: string[]) => {
  const parser = new EventStreamParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
};

describe('a stream of server-sent events', () => {
  test('gives a message with its id and type', () => {
    expect(messages('id: 7\nevent: camera\ndata: {"a":1}\n\n')).toEqual([
      { event: 'camera', data: '{"a":1}', lastEventId: '7' },
    ]);
  });

  test.each<[string, string[]]>([
    ['cut anywhere', ['da', 'ta: x', '\n', '\ndata', ': y\n\n']],
    ['with Windows line ends', ['data: x\r\n\r\ndata: y\r\n\r\n']],
    ['with a Windows line end cut in two', ['data: x\r', '\n\r\ndata: y\r\n\r', '\n']],
    ['with comments that keep it open', [': still here\n\ndata: x\n\n: still here\n\ndata: y\n\n']],
  ])('%s', (_, chunks) => {
    expect(messages(...chunks).map(({ data }) => data)).toEqual(['x', 'y']);
  });

  test('joins lines of data, and takes off one space only', () => {
    expect(messages('data:  a\ndata:b\n\n')[0]?.data).toBe(' a\nb');
  });

  test('keeps the id for messages that have none', () => {
    expect(messages('id: 3\ndata: x\n\ndata: y\n\n').map(({ lastEventId }) => lastEventId)).toEqual([
      '3',
      '3',
    ]);
  });

  test('a message without data is none, and its id counts', () => {
    const parser = new EventStreamParser();
    expect(parser.push('id: 4\n\n')).toEqual([]);
    expect(parser.push('data: x\n\n')[0]?.lastEventId).toBe('4');
  });

  test('tells the wait that the server asks for', () => {
    const parser = new EventStreamParser();
    parser.push('retry: 1500\nretry: soon\n');
    expect(parser.retryMs).toBe(1500);
  });
});
