/** A line is a field; more would be no session that anybody offers. */
const MOST_LINES = 2_000;

/**
 * Sections that libwebrtc knows. Of one that it does not know it answers with an empty description, and M106 then ends the whole
 * process by a null pointer.
 */
const MEDIA =
  /^m=((audio|video) \d{1,5} (UDP|TCP)\/TLS\/RTP\/SAVPF( \d{1,3})+|application \d{1,5} ((UDP|TCP)\/)?DTLS\/SCTP [\w-]+)$/;
const MOST_SECTIONS = 8;

/** The `m=` section of an offer that asks for video, as far as it is looked at here. */
export interface VideoOffer {
  /** Payload type of VP8. */
  readonly vp8: string;
}

/**
 * What is wanted of an offer before it reaches native code: SDP (RFC 8866) that asks for video as VP8.
 * @returns a sentence for people where it is not
 */
export function readOffer(
  sdp: string,
): VideoOffer | { readonly refused: 'malformed' | 'no_vp8'; readonly why: string } {
  const lines = sdp.split(/\r?\n/);
  const isSdp = lines[0] === 'v=0' && lines.length <= MOST_LINES && lines.every(isField);
  if (!isSdp) return { refused: 'malformed', why: 'the offer is not SDP' };
  const sections = lines.filter((line) => line.startsWith('m='));
  if (sections.length > MOST_SECTIONS || !sections.every((line) => MEDIA.test(line))) {
    return { refused: 'malformed', why: 'the offer has a section that is no audio, video or data of WebRTC' };
  }
  if (!/^a=ice-ufrag:/m.test(sdp) || !/^a=fingerprint:/m.test(sdp)) {
    return { refused: 'malformed', why: 'the offer has no ICE credentials or no DTLS fingerprint' };
  }
  const video = sdp.split(/^(?=m=)/m).find((section) => section.startsWith('m=video '));
  if (video === undefined || /^a=(sendonly|inactive)\s*$/m.test(video)) {
    return { refused: 'malformed', why: 'the offer does not ask for video' };
  }
  const vp8 = /^a=rtpmap:(\d{1,3}) VP8\/90000/im.exec(video)?.[1];
  return vp8 === undefined
    ? { refused: 'no_vp8', why: 'the offer has no VP8, the one codec that is sent' }
    : { vp8 };
}

/**
 * Tells libwebrtc where to begin: without it the first pictures crawl in at 300 kbit/s while it finds out that a LAN has more.
 * Read by its sender from the `fmtp` of the description that it gets.
 * @param startKbps rate of the first second @param maxKbps most ever
 */
export function withBitrate(sdp: string, { vp8 }: VideoOffer, startKbps: number, maxKbps: number): string {
  const fmtp = `a=fmtp:${vp8} x-google-start-bitrate=${startKbps};x-google-max-bitrate=${maxKbps}`;
  return sdp.replace(
    new RegExp(`^a=rtpmap:${vp8} VP8/90000.*$`, 'im'),
    (line) => `${line.trimEnd()}\r\n${fmtp}`,
  );
}

/** User fragment of the ICE session that a description begins. */
export function iceUfrag(sdp: string): string {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? '';
}

export interface IceFragment {
  readonly ufrag: string | undefined;
  readonly candidates: readonly { readonly candidate: string; readonly sdpMid: string }[];
}

const MOST_CANDIDATES = 64;

/** Candidates of a trickled fragment (RFC 8840, 9). @returns undefined for what is none */
export function readIceFragment(text: string): IceFragment | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0 || lines.length > MOST_LINES || !lines.every(isField)) return undefined;
  const candidates: { candidate: string; sdpMid: string }[] = [];
  let ufrag: string | undefined;
  let sdpMid = '0';
  for (const line of lines) {
    if (line.startsWith('a=ice-ufrag:')) ufrag = line.slice('a=ice-ufrag:'.length).trim();
    else if (line.startsWith('a=mid:')) sdpMid = line.slice('a=mid:'.length).trim();
    else if (line.startsWith('a=candidate:')) candidates.push({ candidate: line.slice(2).trim(), sdpMid });
  }
  return candidates.length > MOST_CANDIDATES ? undefined : { ufrag, candidates };
}

function isField(line: string): boolean {
  return line === '' || /^[a-z]=[\x20-\x7e\x80-\uffff]*$/.test(line);
}
