import { messageOf } from '../../base/errors.ts';

// What is used of node-webrtc. Its own types are those of a browser's DOM.

export interface RtcDescription {
  readonly type: 'offer' | 'answer';
  readonly sdp: string;
}

export interface RtcDataChannel {
  readonly readyState: 'connecting' | 'open' | 'closing' | 'closed';
  readonly bufferedAmount: number;
  send(data: string): void;
  close(): void;
}

export interface RtcTrack {
  stop(): void;
}

export interface RtcCodec {
  readonly mimeType: string;
}

export interface RtcTransceiver {
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  readonly receiver: { readonly track: RtcTrack & { readonly kind: 'audio' | 'video' } };
  readonly sender: { replaceTrack(track: RtcTrack | null): Promise<void> };
  setCodecPreferences(codecs: readonly RtcCodec[]): void;
}

export interface RtcIceServer {
  readonly urls: string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

export interface RtcPeer {
  readonly connectionState: 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';
  readonly iceGatheringState: 'new' | 'gathering' | 'complete';
  readonly localDescription: RtcDescription | null;
  onconnectionstatechange: (() => void) | null;
  onicegatheringstatechange: (() => void) | null;
  setRemoteDescription(description: RtcDescription): Promise<void>;
  setLocalDescription(description: RtcDescription): Promise<void>;
  createOffer(): Promise<RtcDescription>;
  createAnswer(): Promise<RtcDescription>;
  addIceCandidate(candidate: { candidate: string; sdpMid: string }): Promise<void>;
  getTransceivers(): readonly RtcTransceiver[];
  /** Of these only the entry of type `transport` is looked at. */
  getStats(): Promise<ReadonlyMap<string, { readonly type: string; readonly bytesReceived?: number }>>;
  createDataChannel(label: string, options?: { maxPacketLifeTime?: number }): RtcDataChannel;
  close(): void;
}

export interface RtcVideoSource {
  createTrack(): RtcTrack;
  /** Takes a copy of an I420 picture of even sides, and encodes it in a thread of its own. */
  onFrame(frame: { width: number; height: number; data: Uint8Array }): void;
}

export interface WebRtc {
  readonly RTCPeerConnection: new (options: {
    iceServers: RtcIceServer[];
    portRange?: { min: number; max: number };
  }) => RtcPeer;
  readonly RTCRtpSender: { getCapabilities(kind: 'video'): { readonly codecs: readonly RtcCodec[] } };
  readonly nonstandard: { readonly RTCVideoSource: new () => RtcVideoSource };
}

/** There is no WebRTC on this machine. */
export interface NoWebRtc {
  /** For people. */
  readonly why: string;
  /** What the loader said, for the log: it names folders of this machine. */
  readonly error: string;
}

/**
 * Loads node-webrtc, which is 25 MB of native code: only when somebody asks for it. It makes one connection to nowhere, because
 * the first one starts threads and codecs, which takes longer than loading.
 * @returns why it cannot be had, such as a C library older than 2.34, in place of it
 */
export async function loadWebRtc(): Promise<WebRtc | NoWebRtc> {
  try {
    const { default: module } = (await import('@roamhq/wrtc')) as unknown as { default: WebRtc };
    const first = new module.RTCPeerConnection({ iceServers: [] });
    first.createDataChannel('first');
    await first.createOffer();
    first.close();
    return module;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const why = isMissing
      ? 'the package @roamhq/wrtc is not installed'
      : 'the package @roamhq/wrtc cannot be loaded here: it needs glibc 2.34, on x64 or arm64';
    return { why, error: messageOf(error) };
  }
}
