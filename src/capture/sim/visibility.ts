import type { SizePx } from '../../flow/geometry.ts';
import { boundsOf, type Polygon, Rasteriser } from './raster.ts';
import type { StandingFigure } from './scene.ts';
import type { Occluder } from './street.ts';

/** Silhouettes are counted on a grid of so many cells per picture width. */
const GRID_WIDTH = 480;
/** The grid reaches so far beyond each side of the picture, in picture widths and heights. */
const APRON = 1;
const HIDDEN = 0xff;

/**
 * Share of each figure's silhouette that a viewer sees: inside the picture, and neither behind something of the street
 * nor behind a nearer figure. Counted by painting silhouettes in depth order.
 *
 * @param figures furthest first, at most 254
 */
export function visibleFractions(
  figures: readonly StandingFigure[],
  occluders: readonly Occluder[],
  source: SizePx,
): number[] {
  const width = GRID_WIDTH;
  const height = Math.max(1, Math.round((GRID_WIDTH * source.heightPx) / source.widthPx));
  const gridWidth = width * (1 + 2 * APRON);
  const gridHeight = height * (1 + APRON);
  const owner = new Uint8Array(gridWidth * gridHeight);
  const rasteriser = new Rasteriser(gridWidth, gridHeight);
  const paint = (polygon: Polygon, scaleX: number, scaleY: number, id: number) => {
    rasteriser.fill(polygon, scaleX, scaleY, width * APRON, (y, xFrom, xTo, coverage) => {
      for (let x = xFrom; x < xTo; x++) if (coverage[x]! >= 0.5) owner[y * gridWidth + x] = id;
    });
  };
  // Cells of a figure's box inside a part of the grid that still belong to it.
  const count = (index: number, left: number, right: number, bottom: number) => {
    const [x1, y1, x2, y2] = figures[index]!.boxPx;
    const column = (x: number) => (x / source.widthPx + APRON) * width;
    const row = (y: number) => (y / source.heightPx) * height;
    const from = Math.max(left, Math.floor(column(x1)));
    const to = Math.min(right, Math.ceil(column(x2)));
    let cells = 0;
    for (let y = Math.max(0, Math.floor(row(y1))); y < Math.min(bottom, Math.ceil(row(y2))); y++) {
      for (let x = from; x < to; x++) if (owner[y * gridWidth + x] === index + 1) cells += 1;
    }
    return cells;
  };

  const waiting = [...occluders].sort((a, b) => a.groundY - b.groundY);
  const paintOccludersBefore = (groundY: number) => {
    while (waiting.length > 0 && waiting[0]!.groundY <= groundY) {
      for (const { polygon } of waiting.shift()!.parts) {
        if (touchesOne(polygon, figures, source)) paint(polygon, width, height, HIDDEN);
      }
    }
  };
  const whole = figures.map((figure, i) => {
    paintOccludersBefore(figure.groundPx[1] / source.heightPx);
    for (const { polygon } of figure.shapes) {
      paint(polygon, width / source.widthPx, height / source.heightPx, i + 1);
    }
    return count(i, 0, gridWidth, gridHeight);
  });
  paintOccludersBefore(Infinity);
  return whole.map((cells, i) => {
    if (cells === 0) return 0;
    return count(i, width * APRON, width * (1 + APRON), height) / cells;
  });
}

/** Whether an outline in 0..1 of the picture comes near the box of any figure: what does not hides nothing. */
function touchesOne(polygon: Polygon, figures: readonly StandingFigure[], source: SizePx): boolean {
  const [left, top, right, bottom] = boundsOf(polygon);
  // The cells of the grid are coarser than pixels.
  const cellPx = source.widthPx / GRID_WIDTH;
  return figures.some(
    ({ boxPx: [x1, y1, x2, y2] }) =>
      left * source.widthPx <= x2 + cellPx &&
      right * source.widthPx >= x1 - cellPx &&
      top * source.heightPx <= y2 + cellPx &&
      bottom * source.heightPx >= y1 - cellPx,
  );
}
