import { ObjectStage } from '../../app/object-stage.ts';
import { eventsOnly } from '../../app/pipeline-outlet.ts';
import { silentLogger } from '../../base/log.ts';
import { Scene, type TruthObject } from '../../capture/sim/scene.ts';
import type { Detection } from '../../flow/detection.ts';
import type { EventDraft } from '../../flow/domain-event.ts';
import { type Frame, i420Bytes } from '../../flow/frame.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { CAMERA, type Fact, LENGTH_MS, PERIOD_MS, type TruthFact } from './street.ts';
import { StreetTruth } from './truth.ts';

export interface Watched {
  readonly told: readonly Fact[];
  readonly truth: readonly TruthFact[];
}

/** Finds the objects of one frame, given the picture and the truth. */
export type Detect = (
  frame: Frame,
  truth: readonly TruthObject[],
) => readonly Detection[] | Promise<readonly Detection[]>;

/** Puts every frame of one street through detection, tracking and rules: what was told, and what is true. */
export async function watchStreet(
  seed: number,
  size: SizePx,
  minScore: number,
  detect: Detect,
  leastVisible?: number,
): Promise<Watched> {
  const scene = new Scene({ seed });
  const { source } = scene.options;
  const told: EventDraft[] = [];
  let ids = 0;
  const stage = new ObjectStage({
    cameraId: 'street',
    config: CAMERA,
    minScore,
    classifiers: new Map(),
    newObjectId: () => `object-${++ids}`,
    log: silentLogger,
    outlet: eventsOnly((draft) => told.push(draft)),
  });
  const truth = new StreetTruth(source, leastVisible);
  const data = new Uint8Array(new SharedArrayBuffer(i420Bytes(size.widthPx, size.heightPx)));
  stage.start();
  for (let n = 0; n * PERIOD_MS <= LENGTH_MS; n++) {
    const atMs = n * PERIOD_MS;
    const objects = scene.truthAt(atMs);
    truth.add(objects, atMs);
    let drawn = false;
    const frame: Frame = {
      ...size,
      // Drawn when somebody looks: the truth alone needs no pixels.
      get data() {
        if (!drawn) scene.draw(atMs, { ...size, data });
        drawn = true;
        return data;
      },
      cameraId: 'street',
      seq: n + 1,
      colour: { matrix: 'bt601', range: 'limited' },
      source,
      times: { captureAtMs: atMs, captureMonoMs: atMs, decodedAtMs: atMs },
      release() {},
    };
    stage.update(await detect(frame, objects), frame, atMs);
  }
  await stage.close(new AbortController().signal);
  return { told: told.flatMap(factOf), truth: truth.facts() };
}

function factOf(draft: EventDraft): Fact[] {
  const { type, atMs } = draft;
  if (type === 'object.updated' || type === 'camera.state') return [];
  const at = { fromMs: atMs, toMs: atMs };
  if (type === 'zone.occupied' || type === 'zone.cleared') {
    const place = `${draft.zone} ${draft.rule}`;
    // It must last for a while before it is told.
    const toldMs = type === 'zone.occupied' ? draft.sinceMs : atMs;
    return [{ type, label: '', place, fromMs: toldMs, toMs: toldMs }];
  }
  const { label } = draft;
  if (type === 'line.crossed') return [{ type, label, place: `${draft.line} ${draft.direction}`, ...at }];
  return [{ type, label, place: 'zone' in draft ? draft.zone : '', ...at }];
}
