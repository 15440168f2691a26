import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { WebrtcConfig } from '../../config/webrtc-schema.ts';
import type { Viewers } from '../server/viewers.ts';
import type { LiveFeed } from './live-feed.ts';
import type { VideoOffer } from './sdp.ts';
import { loadWebRtc, type NoWebRtc, type RtcIceServer, type WebRtc } from './webrtc.ts';
import { WhepPeer } from './whep-peer.ts';

export interface WhepSession {
  readonly sessionId: string;
  readonly peer: WhepPeer;
  readonly cameraId: string;
  /** Names the ICE session (RFC 9725, 4.3.1). */
  readonly etag: string;
}

/** Every viewer over WebRTC, of all cameras. */
export class WhepSessions {
  readonly #config: () => WebrtcConfig;
  readonly #iceServers: () => readonly RtcIceServer[];
  readonly #viewers: Viewers;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #sessions = new Map<string, WhepSession>();
  #webrtc: Promise<WebRtc | NoWebRtc> | undefined;
  #opening = 0;
  #closed = false;

  constructor(
    config: () => WebrtcConfig,
    iceServers: () => readonly RtcIceServer[],
    viewers: Viewers,
    clock: Clock,
    log: Logger,
  ) {
    this.#viewers = viewers;
    this.#config = config;
    this.#iceServers = iceServers;
    this.#clock = clock;
    this.#log = log;
  }

  /** Viewers now, those that are connecting included. */
  get count(): number {
    return this.#sessions.size + this.#opening;
  }

  get isFull(): boolean {
    return this.count >= this.#config().maxViewers || this.#closed;
  }

  /** Loads node-webrtc at the first call. @returns why there is none, in place of it */
  webrtc(): Promise<WebRtc | NoWebRtc> {
    this.#webrtc ??= loadWebRtc().then((loaded) => {
      if ('why' in loaded) {
        const { why, error } = loaded;
        this.#log.warn({ why, error }, 'no WebRTC on this machine; previews use the other transports');
      }
      return loaded;
    });
    return this.#webrtc;
  }

  /**
   * @param loggedOut ends the connection when it aborts
   * @throws Error when the offer cannot be understood; nothing is left of it then
   */
  async open(
    webrtc: WebRtc,
    { cameraId, live }: { readonly cameraId: string; readonly live: LiveFeed },
    sdp: string,
    offer: VideoOffer,
    loggedOut: AbortSignal | null,
  ): Promise<{ session: WhepSession; answer: string }> {
    const log = this.#log.child({ camera: cameraId });
    const sessionId = randomBytes(16).toString('base64url');
    let leave = () => {};
    this.#opening += 1;
    try {
      const peer = new WhepPeer({
        webrtc,
        feed: live,
        iceServers: [...this.#iceServers()],
        ports: this.#config().ports,
        clock: this.#clock,
        ended: (why) => {
          loggedOut?.removeEventListener('abort', logOut);
          if (this.#sessions.delete(sessionId)) leave();
          log.info({ why, viewers: this.#sessions.size }, 'WebRTC viewer left');
        },
      });
      const logOut = () => peer.close('logged out');
      loggedOut?.addEventListener('abort', logOut, { once: true });
      if (loggedOut?.aborted === true) logOut();
      const answer = await peer.answer(sdp, offer);
      leave = this.#viewers.add(cameraId, 'webrtc', () => peer.close('the camera was removed'));
      const session = { sessionId, peer, cameraId, etag: `"${peer.ufrag}"` };
      this.#sessions.set(sessionId, session);
      if (this.#closed) peer.close('the program ends');
      return { session, answer };
    } finally {
      this.#opening -= 1;
    }
  }

  get(cameraId: string, sessionId: string): WhepSession | undefined {
    const session = this.#sessions.get(sessionId);
    return session?.cameraId === cameraId ? session : undefined;
  }

  /** Ends every connection. */
  close(): void {
    this.#closed = true;
    for (const { peer } of [...this.#sessions.values()]) peer.close('the program ends');
  }
}
