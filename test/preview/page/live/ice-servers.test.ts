import { expect, test } from 'vitest';
import { iceServersOf } from '../../../../src/preview/page/live/ice-servers.ts';

test.each([
  [null, []],
  ['<stun:stun.example:3478>; rel="ice-server"', [{ urls: 'stun:stun.example:3478' }]],
  [
    '<turn:t.example:3478>; rel="ice-server"; username="o"; credential="a\\"b, <c>"; credential-type="password", <stun:s.example>; rel=ice-server',
    [{ urls: 'turn:t.example:3478', username: 'o', credential: 'a"b, <c>' }, { urls: 'stun:s.example' }],
  ],
  ['</style.css>; rel="preload"', []],
])('the servers in %s', (link, servers) => {
  expect(iceServersOf(link)).toEqual(servers);
});
