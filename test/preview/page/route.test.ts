import { describe, expect, test } from 'vitest';
import { formatRoute, parseRoute, type Route } from '../../../src/preview/page/route.ts';

describe('the address says where one is', () => {
  test.each<[string, Route['view']]>([
    ['', 'cameras'],
    ['#/', 'cameras'],
    ['#/cameras', 'cameras'],
    ['#/cameras/front', 'camera'],
    ['#/cameras/front/zones', 'editor'],
    ['#/events?camera=front', 'events'],
    ['#/device', 'device'],
    ['#/nonsense', 'cameras'],
    ['#/cameras/%E0%A4%A', 'camera'],
  ])('%s', (hash, view) => {
    expect(parseRoute(hash).view).toBe(view);
  });

  test.each<Route>([
    { view: 'cameras' },
    { view: 'camera', cameraId: 'front' },
    { view: 'editor', cameraId: 'back door/2' },
    { view: 'events', query: new URLSearchParams({ camera: 'front', text: 'a b&c' }) },
    { view: 'device' },
  ])('$view there and back', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });
});
