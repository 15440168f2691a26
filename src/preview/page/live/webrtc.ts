import { SentTimes } from '../overlay/sent-times.ts';
import type { TracksMessage } from '../server/contract.ts';
import { RequestError, request } from '../server/request.ts';
import { type IceServer, iceServersOf } from './ice-servers.ts';
import { PictureWatch, untilBroken } from './picture-watch.ts';
import { cameraPath, type LiveStage, TransportFailure } from './stage.ts';
import { watchFrames } from './video-frames.ts';

/**
 * Candidates that come later are not missed: the device learns our addresses from the checks that reach it, and browsers take
 * half a second to hide them behind names that it could not resolve anyway. Those of a server are worth this wait.
 */
const GATHERING_MS = 60;

/** The device has no WebRTC at all. */
const NOT_THERE = 501;

/** STUN and TURN servers that the device has named. */
let iceServers: readonly IceServer[] = [];

/**
 * WebRTC by the WHEP protocol (RFC 9725), with the tracks on a data channel of the same connection. A device that has STUN or
 * TURN servers names them with its first answer, too late for that connection: the next one begins with them.
 */
export async function playWebrtc(stage: LiveStage, signal: AbortSignal): Promise<void> {
  if ((await play(stage, signal)) === 'again') await play(stage, signal);
}

async function play(stage: LiveStage, signal: AbortSignal): Promise<'again' | 'ended'> {
  const { broken, fail } = untilBroken(signal);
  const watch = new PictureWatch(fail);
  const times = new SentTimes();
  const peer = new RTCPeerConnection({ iceServers: [...iceServers] });
  const { video } = stage;
  let resource: string | undefined;
  const onTracks = ({ data }: MessageEvent<string>) => {
    const message = JSON.parse(data) as TracksMessage;
    const { captureAtMs, frame } = message;
    if (frame !== undefined) times.told(frame.sentMs, captureAtMs, performance.now());
    stage.onTracks(message);
  };
  peer.addTransceiver('video', { direction: 'recvonly' });
  // Without a channel in the offer the answer cannot have one.
  peer.createDataChannel('tracks').onmessage = onTracks;
  peer.ondatachannel = ({ channel }) => {
    channel.onmessage = onTracks;
  };
  peer.ontrack = ({ track, receiver }) => {
    // Pictures are shown as they come: this is no film.
    if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    video.srcObject = new MediaStream([track]);
    void video.play().catch(() => {});
  };
  peer.onconnectionstatechange = () => {
    const { connectionState } = peer;
    if (connectionState === 'failed' || connectionState === 'closed') {
      fail(new TransportFailure('the connection was lost'));
    }
  };
  const unwatch = watchFrames(video, ({ rtpTimestamp, receiveTime }) => {
    watch.seen();
    const captureAtMs =
      rtpTimestamp === undefined ? undefined : times.shown(rtpTimestamp, receiveTime ?? performance.now());
    stage.onPicture({ captureAtMs });
  });
  watch.start();
  try {
    stage.show('video');
    const session = await Promise.race([negotiate(peer, stage.cameraId, signal), broken]);
    if (session === undefined) return 'ended';
    resource = session.resource;
    if (session.iceServers.length > 0 && !isDeepSame(session.iceServers, iceServers)) {
      iceServers = session.iceServers;
      return 'again';
    }
    await broken;
    return 'ended';
  } finally {
    unwatch();
    watch.stop();
    peer.onconnectionstatechange = null;
    peer.close();
    video.srcObject = null;
    // The server would notice by itself, later.
    if (resource !== undefined) void request(resource, { method: 'DELETE' }).catch(() => {});
  }
}

interface Session {
  /** Its address. */
  readonly resource: string | undefined;
  readonly iceServers: readonly IceServer[];
}

async function negotiate(peer: RTCPeerConnection, cameraId: string, signal: AbortSignal): Promise<Session> {
  await peer.setLocalDescription();
  if (iceServers.length > 0) await gathered(peer);
  const response = await fetchAnswer(cameraId, peer.localDescription?.sdp ?? '', signal);
  await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  const { headers } = response;
  return { resource: headers.get('location') ?? undefined, iceServers: iceServersOf(headers.get('link')) };
}

function fetchAnswer(cameraId: string, sdp: string, signal: AbortSignal): Promise<Response> {
  return request(cameraPath(cameraId, 'whep'), {
    method: 'POST',
    body: sdp,
    headers: { 'content-type': 'application/sdp', accept: 'application/sdp' },
    signal,
  }).catch((error: unknown) => {
    if (!(error instanceof RequestError) || error.status !== NOT_THERE) throw error;
    throw new TransportFailure(error.message, true);
  });
}

function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}

function isDeepSame(a: readonly IceServer[], b: readonly IceServer[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
