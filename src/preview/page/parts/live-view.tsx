import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { TRANSPORTS, type TransportName } from '../live/ladder.ts';
import { LivePlayer, NAMES } from '../live/player.ts';
import { Overlay } from '../overlay/overlay.ts';
import type { Camera } from '../server/contract.ts';
import { overlayOptions } from './overlay-options.ts';

interface LiveViewProps {
  readonly camera: Camera;
  /** Large: scores and numbers over the picture. */
  readonly detail: boolean;
  /** Use this one only. */
  readonly transport?: TransportName | undefined;
  /** Draw no zones and lines: they are being edited. */
  readonly withoutZones?: boolean;
  readonly children?: ComponentChildren;
}

/** Live pictures of a camera with what is known of them. */
export function LiveView({ camera, detail, transport, withoutZones = false, children }: LiveViewProps) {
  const video = useRef<HTMLVideoElement>(null);
  const picture = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<Overlay>(undefined);
  const [player, setPlayer] = useState<LivePlayer>();
  const { cameraId } = camera;
  const usable = transportsOf(camera).filter((name) => transport === undefined || name === transport);
  const offered = usable.join(' ');
  // A camera without pictures would take up a viewer's place for nothing.
  const isLive = camera.state.state === 'live';

  useEffect(() => {
    if (!isLive || video.current === null || picture.current === null || drawing.current === null) return;
    const surfaces = { video: video.current, canvas: picture.current };
    const over = new Overlay(drawing.current);
    overlay.current = over;
    const next = new LivePlayer({
      cameraId,
      ...surfaces,
      show: (surface) => {
        surfaces.video.hidden = surface !== 'video';
        surfaces.canvas.hidden = surface !== 'canvas';
      },
      onPicture: ({ captureAtMs }) => over.shown(captureAtMs),
      onTracks: (message) => over.add(message),
    });
    setPlayer(next);
    const stop = new AbortController();
    const resized = new ResizeObserver(() => over.draw());
    resized.observe(drawing.current);
    void next.run(offered.split(' ').filter(isTransport), stop.signal);
    return () => {
      setPlayer(undefined);
      stop.abort();
      resized.disconnect();
    };
  }, [cameraId, offered, isLive]);

  const options = overlayOptions.value;
  useEffect(() => {
    overlay.current?.update(camera, { ...options, zones: options.zones && !withoutZones, detail });
  }, [camera, options, detail, withoutZones, player]);

  const state = player?.state.value;
  const { widthPx, heightPx } = camera.pictureSizePx ?? { widthPx: 16, heightPx: 9 };
  return (
    <div
      class="live"
      data-transport={state?.transport}
      data-playing={state?.playing === true}
      style={{ '--ratio': widthPx / heightPx }}
    >
      <video ref={video} class="live-picture" muted playsInline aria-label={`Live video of ${cameraId}`} />
      <canvas
        ref={picture}
        class="live-picture"
        hidden
        role="img"
        aria-label={`Live pictures of ${cameraId}`}
      />
      <canvas ref={drawing} class="live-overlay" />
      {state?.playing !== true && (
        <p class="live-wait">{waitingText(camera, state?.transport, state?.problem)}</p>
      )}
      {state?.playing === true && state.transport !== undefined && (
        <span
          class="live-transport"
          title={state.problem ?? 'The best way that this browser and camera have'}
        >
          {NAMES[state.transport]}
        </span>
      )}
      {children}
    </div>
  );
}

/** What a camera offers, the best first. */
export function transportsOf({ preview }: Camera): TransportName[] {
  const offered = { webrtc: preview.webrtc, mse: preview.mse !== null, mjpeg: preview.mjpeg };
  return TRANSPORTS.filter((name) => offered[name]);
}

function isTransport(name: string): name is TransportName {
  return TRANSPORTS.some((known) => known === name);
}

function waitingText(
  camera: Camera,
  transport: TransportName | undefined,
  problem: string | undefined,
): string {
  if (camera.state.state !== 'live') return camera.advice ?? `The camera is ${camera.state.state}.`;
  if (transport === undefined) return problem ?? 'There is no way to show this camera live.';
  return `Connecting by ${NAMES[transport]}…`;
}
