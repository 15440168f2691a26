import type { Timer } from '../base/clock.ts';
import { explain, type OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import { Camera, type CameraDrop } from '../capture/camera.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { PresenceCounts } from '../events/presence.ts';
import type { CameraCause, CameraState } from '../flow/camera-state.ts';
import type { endCauses } from '../flow/domain-event.ts';
import { type Frame, frameWith, type PictureSize } from '../flow/frame.ts';
import type { SizePx } from '../flow/geometry.ts';
import type { InferenceResult } from '../infer/frame-detector.ts';
import type { CameraPipelineParts } from './camera-pipeline-parts.ts';
import { CurrentPicture } from './current-picture.ts';
import { InferenceLane, type Refusal } from './inference-lane.ts';
import { foundIn, LivePictures } from './live-pictures.ts';
import { MotionStage } from './motion-stage.ts';
import { ObjectStage } from './object-stage.ts';
import { type FrameOutcome, PipelineStats } from './pipeline-stats.ts';

/** Of the time to close in, one part in so many is for the last views to be had at full size. */
const LAST_VIEWS_SHARE = 4;

/**
 * One camera from picture to event: capture -> motion -> infer -> track -> events. Only decoding (a child process) and
 * inference (the scheduler's) happen outside the main thread.
 */
export class CameraPipeline implements Service {
  readonly name: string;
  readonly stats = new PipelineStats();
  /** For those who watch. */
  readonly live: LivePictures;
  /** How often frames are inferred, and on which model. */
  readonly inference: InferenceLane;
  readonly #parts: CameraPipelineParts;
  readonly #camera: Camera;
  readonly #motion: MotionStage;
  readonly #objects: ObjectStage;
  readonly #currentPicture: CurrentPicture;
  readonly #log: Logger;
  #config: CameraConfig;
  #enabled: boolean;
  #detecting: boolean;
  #state: CameraState = { state: 'connecting', cause: null, sinceMs: 0 };
  #lossTimer: Timer | undefined;
  #pictureSizePx: SizePx | null = null;

  constructor(parts: CameraPipelineParts) {
    const { cameraId, config, source, clock, random } = parts;
    this.name = `camera ${cameraId}`;
    this.#parts = parts;
    this.live = parts.live ?? new LivePictures(clock);
    this.#config = config;
    this.#log = parts.log.child({ camera: cameraId });
    this.#enabled = config.enabled;
    this.inference = new InferenceLane({
      ...parts,
      fps: config.detect.fps,
      sink: {
        result: (frame, result, inferredAtMs) => this.#inferred(frame, result, inferredAtMs),
        failed: (frame, error) => this.#failed(frame, error),
        dropped: (frame, reason) => this.#notInferred(frame, reason),
      },
    });
    this.#detecting = config.detect.enabled;
    this.#motion = new MotionStage(config.motion, (moving) => parts.outlet.motion(cameraId, moving));
    this.#objects = new ObjectStage(parts);
    this.#currentPicture = new CurrentPicture({ ...parts, quality: config.snapshots.quality });
    this.#camera = new Camera({
      id: cameraId,
      source,
      config: config.capture,
      clock,
      random,
      log: parts.log,
      sink: {
        opened: (info) => this.#log.info({ ...info }, 'camera stream opened'),
        frame: (frame) => (source.waits ? this.#capturedAndReleased(frame) : this.#captured(frame)),
        state: (state) => this.#stateChanged(state),
      },
    });
  }

  /** In force. */
  get config(): CameraConfig {
    return this.#config;
  }

  get state(): CameraState {
    return this.#state;
  }

  get detecting(): boolean {
    return this.#detecting;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get moving(): boolean {
    return this.#motion.moving;
  }

  /** The source waits for what becomes of its frames instead of losing them. */
  get waits(): boolean {
    return this.#parts.source.waits;
  }

  /** Size of the camera's own picture; null before the first. */
  get pictureSizePx(): SizePx | null {
    return this.#pictureSizePx;
  }

  /** Objects present now. */
  get present(): PresenceCounts {
    return this.#objects.present;
  }

  /** Pictures lost before they became frames, by reason. */
  get captureDrops(): Partial<Record<CameraDrop, number>> {
    return this.#camera.drops.snapshot();
  }

  /** Connections lost or not made, by cause. */
  get losses(): Partial<Record<CameraCause, number>> {
    return this.#camera.losses.snapshot();
  }

  /** Frames per second that arrive now. */
  get captureFps(): number {
    return this.#camera.fps;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.inference.open();
    this.#objects.start();
    this.#parts.outlet.motion(this.#parts.cameraId, false);
    // Commands of earlier runs have been carried out by now.
    this.#tellInForce();
    this.#camera.setEnabled(this.#enabled);
    await this.#camera.start(signal);
  }

  /** Stops the camera, then ends its objects, but for stationary ones, which the next run or pipeline of it takes up. */
  async close(deadlineMs: number, cause: (typeof endCauses)[number] = 'stopped'): Promise<void> {
    await this.#camera.close(deadlineMs);
    this.inference.close();
    this.#lossTimer?.cancel();
    this.#currentPicture.close();
    const patience = new AbortController();
    const timer = this.#parts.clock.after(deadlineMs / LAST_VIEWS_SHARE, () => patience.abort());
    await this.#objects.close(patience.signal, cause);
    timer.cancel();
    await this.#parts.recorder?.close();
  }

  /** Ends the camera for good, what is at rest in its picture too. */
  retire(deadlineMs: number): Promise<void> {
    this.setDetecting(false);
    this.setEnabled(false);
    return this.close(deadlineMs);
  }

  /**
   * Goes by other objects, zones, lines, masks and thresholds from now on, and is switched on or off; objects go on. Of
   * all else that it says nothing is taken over.
   */
  apply(config: CameraConfig): void {
    const was = this.#config;
    this.#config = config;
    this.#motion.apply(config.motion);
    this.#objects.apply(config);
    if (was.enabled !== config.enabled) this.setEnabled(config.enabled);
    if (was.detect.enabled !== config.detect.enabled) this.setDetecting(config.detect.enabled);
    this.#tellInForce();
  }

  /** States everything that is retained again, for a broker that has none of it. */
  restate(): void {
    const { outlet, cameraId } = this.#parts;
    outlet.cameraStateAgain(cameraId, this.#state);
    outlet.motion(cameraId, this.moving);
    this.#objects.restate();
    this.#tellInForce();
  }

  /** Switches the camera itself on or off. */
  setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
    this.#camera.setEnabled(enabled);
  }

  /** Switches detection on or off; the camera stays connected. */
  setDetecting(detecting: boolean): void {
    if (this.#detecting === detecting) return;
    this.#detecting = detecting;
    if (!detecting) this.#objects.endAll('stopped');
  }

  /**
   * Looks at fewer frames per second than the camera gives.
   * @throws OcellusError `data_invalid` for more than the configured rate, which is what the decoder is asked for
   */
  setFps(fps: number): void {
    this.inference.setFps(fps);
  }

  /** The next frame as JPEG, at the size of the camera where it can be had. @throws OcellusError `deadline_exceeded` when none comes */
  snapshot(size: PictureSize = 'camera'): Promise<Buffer> {
    return this.#currentPicture.take(size);
  }

  /** How often stills could be had at full size, and what became of best views on disk. */
  get views(): Partial<Record<string, number>> {
    return { ...this.#parts.stills?.outcomes.snapshot(), ...this.#parts.snapshotFiles?.outcomes.snapshot() };
  }

  #tellInForce(): void {
    const { outlet, cameraId } = this.#parts;
    outlet.inForce(cameraId, { enabled: this.#enabled, detect: this.#detecting, fps: this.inference.fps });
  }

  #stateChanged(state: CameraState): void {
    const was = this.#state;
    this.#state = state;
    this.#parts.outlet.cameraState(this.#parts.cameraId, state);
    if (state.state === 'live') {
      this.#lossTimer?.cancel();
      this.#lossTimer = undefined;
    } else if (state.state === 'failed' || state.state === 'disabled') {
      this.#lossTimer?.cancel();
      this.#lossTimer = this.#parts.clock.after(0, () => this.#objects.endAll('camera_lost'));
    } else if (was.state === 'live') {
      // A short drop-out must not end what is still there when the picture comes back, and a long one not what is parked.
      const holdMs = this.#parts.config.track.lostMs;
      this.#lossTimer = this.#parts.clock.after(holdMs, () => this.#objects.endAll('camera_lost', true));
    }
  }

  /** Resolves when the frame is released, which is when it is dealt with. */
  #capturedAndReleased(frame: Frame): Promise<void> {
    return new Promise((dealtWith) => {
      const release = () => {
        frame.release();
        dealtWith();
      };
      this.#captured(frameWith(frame, { release }));
    });
  }

  #captured(frame: Frame): void {
    this.stats.frames.add('captured');
    this.#currentPicture.see(frame);
    this.#pictureSizePx = frame.source;
    if (this.live.watched) this.live.captured(frame);
    const outcome = this.#look(frame);
    if (outcome !== 'offered') this.#notInferred(frame, outcome);
  }

  #notInferred(frame: Frame, outcome: FrameOutcome): void {
    this.stats.frames.add(outcome);
    if (this.live.watched) this.live.decided(frame.seq, null);
    frame.release();
  }

  /** Decides what becomes of a frame; `offered` when the lane owns it now. */
  #look(frame: Frame): 'offered' | 'detect_off' | Refusal | 'no_motion' {
    if (!this.#detecting) return 'detect_off';
    const refusal = this.inference.refuses(frame.times.captureMonoMs);
    if (refusal !== undefined) return refusal;
    const startMs = this.#parts.clock.monoMs();
    const objects = this.#objects;
    const isWorthIt = this.#motion.look(
      frame,
      () => objects.following,
      () => objects.sceneChanged(),
    );
    this.stats.add('motion', this.#parts.clock.monoMs() - startMs);
    return isWorthIt && this.inference.offer(frame) ? 'offered' : 'no_motion';
  }

  #inferred(frame: Frame, result: InferenceResult, inferredAtMs: number): void {
    const { stats } = this;
    stats.frames.add('inferred');
    stats.inferred(result.timings, inferredAtMs - frame.times.decodedAtMs);
    const startMs = this.#parts.clock.monoMs();
    // Switched off while the frame was being inferred: its objects have been ended already.
    if (this.#detecting) this.#objects.update(result.detections, frame, inferredAtMs);
    stats.add('track', this.#parts.clock.monoMs() - startMs);
    if (this.live.asked) this.live.decided(frame.seq, foundIn(frame, this.#objects.seen()));
    stats.add('decoded_to_event', this.#parts.clock.wallMs() - frame.times.decodedAtMs);
    frame.release();
  }

  #failed(frame: Frame, error: OcellusError): void {
    this.#log.warn({ error: explain(error), seq: frame.seq }, 'frame could not be inferred');
    this.#notInferred(frame, 'inference_failed');
  }
}
