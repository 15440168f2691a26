import type { BoxPx, SizePx } from '../flow/geometry.ts';

/** `centre` as Ultralytics trains (LetterBox), `top-left` as YOLOX does (preproc), `stretch` without keeping proportions. */
export type Placement = 'centre' | 'top-left' | 'stretch';

/** Where a picture lies in the model's input: scaled to `fitted`, its corner at (`left`, `top`). */
export interface Letterbox {
  readonly input: SizePx;
  /** Size of the original picture, in whose pixels boxes are given. */
  readonly source: SizePx;
  readonly fitted: SizePx;
  readonly left: number;
  readonly top: number;
}

/** Fits a picture into the model's input, keeping its proportions unless it is to be stretched. */
export function letterbox(source: SizePx, input: SizePx, placement: Placement): Letterbox {
  if (placement === 'stretch') {
    return place(source, { widthPx: input.widthPx, heightPx: input.heightPx }, input, placement);
  }
  const ratio = Math.min(input.widthPx / source.widthPx, input.heightPx / source.heightPx);
  // YOLOX cuts the fitted size, Ultralytics rounds it. The small term undoes what 1/3 * 3 loses.
  const round = placement === 'top-left' ? (value: number) => Math.floor(value + 1e-6) : Math.round;
  const fitted = {
    widthPx: Math.min(input.widthPx, Math.max(1, round(source.widthPx * ratio))),
    heightPx: Math.min(input.heightPx, Math.max(1, round(source.heightPx * ratio))),
  };
  return place(source, fitted, input, placement);
}

/**
 * As `letterbox`, for a frame that was scaled on its way here. One that already has the fitted size, give or take the
 * rounding to even sizes that decoders like, is used as it is.
 */
export function letterboxFrame(
  frame: SizePx & { readonly source: SizePx },
  input: SizePx,
  placement: Placement,
): Letterbox {
  const ideal = letterbox(frame.source, input, placement);
  const near = (a: number, b: number) => Math.abs(a - b) <= 2;
  const fits = frame.widthPx <= input.widthPx && frame.heightPx <= input.heightPx;
  const usable =
    fits && near(frame.widthPx, ideal.fitted.widthPx) && near(frame.heightPx, ideal.fitted.heightPx);
  if (!usable) return ideal;
  return place(frame.source, { widthPx: frame.widthPx, heightPx: frame.heightPx }, input, placement);
}

/** Pixels of the input -> pixels of the source, clamped to the picture. */
export function toSourceBox(box: Letterbox, x1: number, y1: number, x2: number, y2: number): BoxPx {
  const { source, fitted, left, top } = box;
  const x = (value: number) => clamp(((value - left) * source.widthPx) / fitted.widthPx, source.widthPx);
  const y = (value: number) => clamp(((value - top) * source.heightPx) / fitted.heightPx, source.heightPx);
  return [x(x1), y(y1), x(x2), y(y2)];
}

function place(source: SizePx, fitted: SizePx, input: SizePx, placement: Placement): Letterbox {
  // An odd margin leaves its extra pixel at the right and at the bottom, as Ultralytics' LetterBox does.
  const margin = (whole: number, part: number) => (placement === 'centre' ? (whole - part) >> 1 : 0);
  return {
    input,
    source,
    fitted,
    left: margin(input.widthPx, fitted.widthPx),
    top: margin(input.heightPx, fitted.heightPx),
  };
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, value));
}
