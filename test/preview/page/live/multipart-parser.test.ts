import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundaryOf, MultipartParser } from '../../../../src/preview/page/live/multipart-parser.ts';

const part = (body: Uint8Array, atMs: number) =>
  Buffer.concat([
    Buffer.from(
      `--frame\r\nContent-Type: image/jpeg\r\nX-Capture-At-Ms: ${atMs}\r\nContent-Length: ${body.length}\r\n\r\n`,
    ),
    body,
    Buffer.from('\r\n'),
  ]);

describe('a multipart body', () => {
  test('gives a picture when its last byte is there, not with the next one', () => {
    const parser = new MultipartParser('frame');
    const whole = part(Buffer.from('picture'), 42);
    expect(parser.push(whole.subarray(0, -3))).toEqual([]);
    const [first] = parser.push(whole.subarray(-3, -2));
    expect(Buffer.from(first!.body).toString()).toBe('picture');
    expect(first!.headers.get('x-capture-at-ms')).toBe('42');
  });

  test('may be cut anywhere, and hold anything', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 });
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 40 }), (pictures, step) => {
        const parser = new MultipartParser('frame');
        const bytes = Buffer.concat(pictures.map((body, i) => part(body, i)));
        const found = [];
        for (let at = 0; at < bytes.length; at += step) {
          found.push(...parser.push(bytes.subarray(at, at + step)));
        }
        expect(found.map(({ body }) => [...body])).toEqual(pictures.map((body) => [...body]));
      }),
    );
  });

  test.each([
    ['another boundary', '--other\r\nContent-Length: 1\r\n\r\nx'],
    ['no length', '--frame\r\nContent-Type: image/jpeg\r\n\r\nx'],
    ['a length that nobody has room for', '--frame\r\nContent-Length: 999999999999\r\n\r\nx'],
    ['a negative length', '--frame\r\nContent-Length: -1\r\n\r\nx'],
  ])('with %s is refused', (_, text) => {
    expect(() => new MultipartParser('frame').push(Buffer.from(text))).toThrow();
  });
});

test.each([
  ['multipart/x-mixed-replace; boundary=frame', 'frame'],
  ['multipart/x-mixed-replace;boundary="a b"', 'a b'],
  ['multipart/x-mixed-replace; charset=x; boundary=--f', '--f'],
  ['image/jpeg', undefined],
  ['', undefined],
])('the boundary of %s', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary);
});
