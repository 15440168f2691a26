import { describe, expect, test } from 'vitest';
import { redactUrl } from '../../src/base/log.ts';

describe('redactUrl', () => {
  test.each([
    ['a password', 'rtsp://user:s3cret@192.0.2.1:554/s', 'rtsp://user:***@192.0.2.1:554/s'],
    ['an escaped password', 'rtsp://user:s3%40cret@h/s', 'rtsp://user:***@h/s'],
    ['a password with "@" as people type it', 'rtsp://user:s3@cret@h/s', 'rtsp://user:***@h/s'],
    ['a password with "/" as people type it', 'rtsp://user:s3/cret@h/s', 'rtsp://user:***@h/s'],
    ['a password with ":"', 'mqtt://user:s3:cret@h', 'mqtt://user:***@h'],
    ['a password without a user', 'mqtt://:s3cret@h', 'mqtt://:***@h'],
    ['within a sentence', 'opening rtsp://u:s3cret@h/s failed', 'opening rtsp://u:***@h/s failed'],
    ['two of them', 'rtsp://u:s3cret@h rtsps://v:s3cret@i', 'rtsp://u:***@h rtsps://v:***@i'],
    ['a query, as many cameras want it', 'http://h/v?user=a&pwd=s3cret&x=1', 'http://h/v?user=a&pwd=***&x=1'],
    ['a query in capitals', 'http://h/v?PASSWORD=s3cret', 'http://h/v?PASSWORD=***'],
  ])('hides %s', (_, text, expected) => {
    expect(redactUrl(text)).toBe(expected);
    expect(redactUrl(text)).not.toContain('s3cret');
  });

  test.each([
    ['a URL without credentials', 'rtsp://192.0.2.1:554/s?channel=1'],
    ['a user without a password', 'rtsp://user@h/s'],
    ['no URL', 'front: 12:30 alice@example.org'],
    ['a simulated scene', 'sim://scene?seed=7'],
  ])('keeps %s', (_, text) => {
    expect(redactUrl(text)).toBe(text);
  });
});
