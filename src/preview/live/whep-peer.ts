import type { Clock, Timer } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import type { FrameObjects, LiveFeed, LivePicture } from './live-feed.ts';
import { type IceFragment, iceUfrag, type VideoOffer, withBitrate } from './sdp.ts';
import { Silence } from './silence.ts';
import { tracksMessage } from './tracks-message.ts';
import type { RtcDataChannel, RtcIceServer, RtcPeer, RtcTrack, RtcVideoSource, WebRtc } from './webrtc.ts';

/** Who is not connected by then is gone. */
const CONNECT_DEADLINE_MS = 15_000;
/** A viewer reports every second what came. After so many looks without a byte it is gone; libwebrtc would wait 18 s. */
const LOOK_MS = 3_000;
const SILENT_LOOKS = 3;
const STATS_DEADLINE_MS = 1_000;
/** The answer waits so long for addresses: those of this machine are known at once, a STUN server's may never be. */
const GATHER_DEADLINE_MS = 1_500;
const START_KBPS = 2_000;
const MAX_KBPS = 6_000;
/** Tracks are worth nothing when they are late. */
const TRACKS_LIFE_MS = 500;
const MOST_UNSENT_BYTES = 64 * 1024;
/** Pictures whose tracks may still come, or tracks whose picture may. */
const REMEMBERED = 16;

export interface WhepPeerParts {
  readonly webrtc: WebRtc;
  readonly feed: LiveFeed;
  readonly iceServers: RtcIceServer[];
  readonly ports: { min: number; max: number } | undefined;
  readonly clock: Clock;
  /** Called once, when it has ended by whatever way. `why` is for the log. */
  readonly ended: (why: string) => void;
}

/**
 * One viewer over WebRTC: pictures as VP8, tracks on the data channel `tracks`. Encodes only while connected. Everything
 * native is closed on every way out, or it would keep its threads for good.
 */
export class WhepPeer {
  readonly #parts: WhepPeerParts;
  readonly #peer: RtcPeer;
  readonly #source: RtcVideoSource;
  readonly #track: RtcTrack;
  readonly #sentMs = new Map<number, number>();
  readonly #waiting = new Map<number, FrameObjects>();
  readonly #silence = new Silence(SILENT_LOOKS);
  #channel: RtcDataChannel | undefined;
  #unwatch: (() => void) | undefined;
  #deadline: Timer;
  #closed = false;

  constructor(parts: WhepPeerParts) {
    const { webrtc, iceServers, ports, clock } = parts;
    this.#parts = parts;
    this.#peer = new webrtc.RTCPeerConnection({ iceServers, ...(ports && { portRange: ports }) });
    this.#source = new webrtc.nonstandard.RTCVideoSource();
    this.#track = this.#source.createTrack();
    this.#peer.onconnectionstatechange = () => this.#stateChanged();
    this.#deadline = clock.after(CONNECT_DEADLINE_MS, () => this.close('never connected'));
  }

  /**
   * @returns the answer, with every candidate that was found in time
   * @throws Error when the offer cannot be understood; the peer is closed then
   */
  async answer(sdp: string, offer: VideoOffer): Promise<string> {
    try {
      await this.#peer.setRemoteDescription({
        type: 'offer',
        sdp: withBitrate(sdp, offer, START_KBPS, MAX_KBPS),
      });
      await this.#sendVideo();
      if (/^m=application .*(DTLS\/SCTP|SCTP)/m.test(sdp)) {
        this.#channel = this.#peer.createDataChannel('tracks', { maxPacketLifeTime: TRACKS_LIFE_MS });
      }
      await this.#peer.setLocalDescription(await this.#peer.createAnswer());
      await this.#gathered();
      const answer = this.#peer.localDescription;
      if (answer === null || this.#closed) throw new Error('the connection was closed');
      return answer.sdp;
    } catch (error) {
      this.close('the offer could not be answered');
      throw error;
    }
  }

  /** User fragment of our side of the ICE session. */
  get ufrag(): string {
    return iceUfrag(this.#peer.localDescription?.sdp ?? '');
  }

  /** Takes further addresses of the viewer. What cannot be understood is left out: the others may do. */
  async addCandidates({ candidates }: IceFragment): Promise<void> {
    for (const candidate of candidates) {
      if (this.#closed) return;
      await this.#peer.addIceCandidate(candidate).catch(() => {});
    }
  }

  /** Idempotent. */
  close(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unwatch?.();
    this.#deadline.cancel();
    this.#peer.onconnectionstatechange = null;
    this.#track.stop();
    this.#channel?.close();
    this.#peer.close();
    this.#parts.ended(why);
  }

  async #sendVideo(): Promise<void> {
    const { RTCRtpSender } = this.#parts.webrtc;
    let sending = false;
    for (const transceiver of this.#peer.getTransceivers()) {
      if (sending || transceiver.receiver.track.kind !== 'video') {
        transceiver.direction = 'inactive';
        continue;
      }
      sending = true;
      const { codecs } = RTCRtpSender.getCapabilities('video');
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /^video\/(VP8|rtx)$/.test(mimeType)));
      transceiver.direction = 'sendonly';
      await transceiver.sender.replaceTrack(this.#track);
    }
  }

  async #gathered(): Promise<void> {
    const complete = new Promise<void>((resolve) => {
      const look = () => this.#peer.iceGatheringState === 'complete' && resolve();
      this.#peer.onicegatheringstatechange = look;
      look();
    });
    await withDeadline(complete, GATHER_DEADLINE_MS, 'gathering addresses', this.#parts.clock).catch(
      () => {},
    );
    this.#peer.onicegatheringstatechange = null;
  }

  #stateChanged(): void {
    const { feed } = this.#parts;
    switch (this.#peer.connectionState) {
      case 'connected': {
        this.#deadline.cancel();
        if (this.#unwatch !== undefined) return;
        this.#listen();
        const ends = [
          feed.watchObjects((found) => this.#found(found)),
          feed.watchPictures((picture) => this.#send(picture)),
        ];
        this.#unwatch = () => {
          for (const end of ends) end();
        };
        return;
      }
      case 'failed':
      case 'closed':
        this.close(this.#peer.connectionState);
        return;
      default:
    }
  }

  #listen(): void {
    this.#deadline = this.#parts.clock.after(LOOK_MS, async () => {
      const bytes = await this.#bytesReceived();
      if (this.#closed) return;
      if (this.#silence.look(bytes)) this.close('silent');
      else this.#listen();
    });
  }

  /** Undefined when it cannot be told: it is native code of many threads that answers, or does not. */
  async #bytesReceived(): Promise<number | undefined> {
    try {
      const asked = this.#peer.getStats();
      const stats = await withDeadline(asked, STATS_DEADLINE_MS, 'asking for what came', this.#parts.clock);
      return [...stats.values()].find(({ type }) => type === 'transport')?.bytesReceived;
    } catch {
      return undefined;
    }
  }

  #send({ data, widthPx, heightPx, captureAtMs }: LivePicture): void {
    const sentMs = Math.round(this.#parts.clock.monoMs() * 1000) / 1000;
    this.#source.onFrame({ width: widthPx, height: heightPx, data });
    remember(this.#sentMs, captureAtMs, sentMs);
    const found = this.#waiting.get(captureAtMs);
    if (found !== undefined) this.#tell(found, sentMs);
  }

  /** The tracks of a picture are told once the picture has been sent: what they name it by is known then. */
  #found(found: FrameObjects): void {
    const sentMs = this.#sentMs.get(found.captureAtMs);
    if (sentMs === undefined) remember(this.#waiting, found.captureAtMs, found);
    else this.#tell(found, sentMs);
  }

  #tell(found: FrameObjects, sentMs: number): void {
    const channel = this.#channel;
    if (channel?.readyState !== 'open' || channel.bufferedAmount > MOST_UNSENT_BYTES) return;
    channel.send(tracksMessage(found, sentMs));
  }
}

function remember<T>(map: Map<number, T>, key: number, value: T): void {
  map.set(key, value);
  if (map.size > REMEMBERED) map.delete(map.keys().next().value!);
}
