import { get } from 'node:http';
import { WebSocket } from 'ws';
import { OcellusError } from '../base/errors.ts';
import { loadWebRtc, type RtcPeer, type WebRtc } from '../preview/live/webrtc.ts';

/** Somebody who watches; the function ends it. */
export type Leave = () => Promise<void>;
export type Transport = 'mjpeg' | 'mse' | 'webrtc';

const CONNECT_DEADLINE_MS = 15_000;

/** Viewers of one camera that look at nothing: what they cost the daemon is all that is wanted of them. */
export class PreviewViewers {
  readonly #camera: string;
  readonly #url: string;
  #webrtc: WebRtc | undefined;

  /** @param url of the daemon */
  constructor(url: string, cameraId: string) {
    this.#url = url;
    this.#camera = `${url}/api/cameras/${cameraId}`;
  }

  /** Resolves when the first picture, or the connection, is there. @throws OcellusError `internal` */
  join(transport: Transport): Promise<Leave> {
    if (transport === 'mjpeg') return this.#joinMjpeg();
    return transport === 'mse' ? this.#joinMse() : this.#joinWebRtc();
  }

  async #joinMjpeg(): Promise<Leave> {
    const request = get(`${this.#camera}/live.mjpeg`);
    await first('a JPEG', (done) =>
      request.on('response', (reply) => {
        reply.once('data', done);
        reply.on('error', () => {});
      }),
    );
    request.on('error', () => {});
    return async () => void request.destroy();
  }

  async #joinMse(): Promise<Leave> {
    const socket = new WebSocket(`${this.#camera.replace(/^http/, 'ws')}/live.mp4`);
    await first('a fragment', (done) => socket.on('message', (_data, isBinary) => isBinary && done()));
    return async () => socket.terminate();
  }

  async #joinWebRtc(): Promise<Leave> {
    const loaded = this.#webrtc ?? (await loadWebRtc());
    if ('why' in loaded) throw new OcellusError('internal', `no WebRTC to measure with: ${loaded.error}`);
    this.#webrtc = loaded;
    const peer = new loaded.RTCPeerConnection({ iceServers: [] }) as OfferingPeer;
    peer.addTransceiver('video', { direction: 'recvonly' });
    peer.createDataChannel('channels');
    await peer.setLocalDescription(await peer.createOffer());
    const reply = await fetch(`${this.#camera}/whep`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: peer.localDescription?.sdp ?? '',
    });
    const sdp = await reply.text();
    if (!reply.ok) throw new OcellusError('internal', `WHEP: ${reply.status} ${sdp}`);
    await peer.setRemoteDescription({ type: 'answer', sdp });
    await first('the connection', (done) => {
      const look = () => peer.connectionState === 'connected' && done();
      peer.onconnectionstatechange = look;
      look();
    });
    const session = new URL(reply.headers.get('location') ?? '', this.#url);
    return async () => {
      await fetch(session, { method: 'DELETE' });
      peer.onconnectionstatechange = null;
      peer.close();
    };
  }
}

interface OfferingPeer extends RtcPeer {
  addTransceiver(kind: 'video', init: { direction: 'recvonly' }): void;
}

function first(what: string, listen: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new OcellusError('internal', `waited in vain for ${what} of a preview`));
    const timer = setTimeout(late, CONNECT_DEADLINE_MS);
    listen(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
