import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iceUfrag, readIceFragment, readOffer, withBitrate } from '../../../src/preview/live/sdp.ts';

const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 98 96',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:0123456789012345678901',
  'a=fingerprint:sha-256 00:11',
  'a=recvonly',
  'a=rtpmap:98 H264/90000',
  'a=rtpmap:96 VP8/90000',
  '',
].join('\r\n');

describe('an offer', () => {
  it('is taken when it asks for video and knows VP8', () => {
    expect(readOffer(OFFER)).toEqual({ vp8: '96' });
  });

  it.each([
    ['nothing', '', 'malformed'],
    ['JSON', '{"sdp":"v=0"}', 'malformed'],
    ['a line that is no field', OFFER.replace('s=-', 's'), 'malformed'],
    ['a control character', OFFER.replace('s=-', 's=\u0000'), 'malformed'],
    ['no ICE', OFFER.replace('a=ice-ufrag:abcd', 'a=x'), 'malformed'],
    ['no DTLS', OFFER.replace('a=fingerprint:sha-256 00:11', 'a=x'), 'malformed'],
    ['no video', OFFER.replace('m=video', 'm=audio'), 'malformed'],
    ['a kind of section that libwebrtc dies of', `${OFFER}m=text 9 UDP/TLS/RTP/SAVPF 96\r\n`, 'malformed'],
    ['a section without a protocol', `${OFFER}m=application\r\n`, 'malformed'],
    ['more sections than any page has', OFFER + 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(8), 'malformed'],
    ['a viewer who sends', OFFER.replace('a=recvonly', 'a=sendonly'), 'malformed'],
    ['another codec alone', OFFER.replace('VP8/90000', 'VP9/90000'), 'no_vp8'],
    ['more lines than any session has', OFFER + 'a=x\r\n'.repeat(3_000), 'malformed'],
  ])('of %s is refused', (_what, sdp, refused) => {
    expect(readOffer(sdp)).toMatchObject({ refused });
  });

  it('begins at a rate that a LAN has', () => {
    expect(withBitrate(OFFER, { vp8: '96' }, 2000, 6000)).toContain(
      'a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=2000;x-google-max-bitrate=6000\r\n',
    );
  });

  it('names its ICE session', () => {
    expect(iceUfrag(OFFER)).toBe('abcd');
    expect(iceUfrag('v=0')).toBe('');
  });
});

describe('a trickled fragment', () => {
  it('gives its candidates, each with its section', () => {
    const text = [
      'a=ice-ufrag:abcd',
      'a=ice-pwd:secret',
      'm=audio 9 RTP/AVP 0',
      'a=mid:0',
      'a=candidate:1 1 udp 1 192.0.2.1 9 typ host',
      'm=video 9 RTP/AVP 96',
      'a=mid:1',
      'a=candidate:2 1 udp 1 192.0.2.2 9 typ host',
      'a=end-of-candidates',
      '',
    ].join('\r\n');
    expect(readIceFragment(text)).toEqual({
      ufrag: 'abcd',
      candidates: [
        { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0' },
        { candidate: 'candidate:2 1 udp 1 192.0.2.2 9 typ host', sdpMid: '1' },
      ],
    });
  });

  it('of anything else is none', () => {
    expect(readIceFragment('')).toBeUndefined();
    expect(readIceFragment('{"candidate":"x"}')).toBeUndefined();
    expect(readIceFragment('a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n'.repeat(65))).toBeUndefined();
  });
});

it('reads whatever comes without throwing', () => {
  const line = fc.oneof(fc.string(), fc.constantFrom(...OFFER.split('\r\n'), 'a=candidate:', 'a=mid:'));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), fc.constantFrom('\r\n', '\n'), (lines, end) => {
      readOffer(lines.join(end));
      readIceFragment(lines.join(end));
    }),
  );
});
