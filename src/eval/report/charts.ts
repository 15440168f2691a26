import { escapeHtml } from './html.ts';

/** One line of a chart. Lines differ by dash as well as by colour. */
export interface Series {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

export interface LineChart {
  readonly title: string;
  /** What the chart shows, in a sentence, for those who cannot see it. */
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Four at most. */
  readonly series: readonly Series[];
}

const WIDTH = 560;
const HEIGHT = 320;
const MARGIN = { left: 52, right: 12, top: 28, bottom: 44 };
const PLOT = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
const STROKES = ['var(--a)', 'var(--b)', 'var(--c)', 'var(--d)'];
const DASHES = ['', '7 4', '2 3', '9 3 2 3'];
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** Lines over the unit square, as inline SVG. */
export function lineChart({ title, description, xLabel, yLabel, series }: LineChart): string {
  const lines = series.map(({ x, y }, index) => {
    const points = Array.from(x, (value, i) => `${xAt(value)},${yAt(y[i]!)}`).join(' ');
    return `<polyline points="${points}" fill="none" stroke="${STROKES[index]}" stroke-width="2" stroke-dasharray="${DASHES[index]}"/>`;
  });
  const legend = series.map(({ name }, index) => {
    const left = MARGIN.left + 8 + index * 128;
    return (
      `<line x1="${left}" x2="${left + 24}" y1="14" y2="14" stroke="${STROKES[index]}" stroke-width="2" stroke-dasharray="${DASHES[index]}"/>` +
      `<text x="${left + 30}" y="18">${escapeHtml(name)}</text>`
    );
  });
  return chart(title, description, [...axes(xLabel, yLabel, TICKS.map(String)), ...lines, ...legend]);
}

/** Stacked columns over 0..1 of scores. @param above drawn on top of `below` */
export function histogram(
  title: string,
  description: string,
  below: { readonly name: string; readonly counts: readonly number[] },
  above: { readonly name: string; readonly counts: readonly number[] },
): string {
  const bins = below.counts.length;
  const most = Math.max(1, ...below.counts.map((count, bin) => count + above.counts[bin]!));
  const column = PLOT.width / bins;
  const bar = (bin: number, from: number, count: number, fill: string) => {
    const top = yAt((from + count) / most);
    const height = (count / most) * PLOT.height;
    const left = MARGIN.left + bin * column;
    return `<rect x="${round(left + 1)}" y="${top}" width="${round(column - 2)}" height="${round(height)}" fill="${fill}"/>`;
  };
  const bars = below.counts.flatMap((count, bin) => [
    bar(bin, 0, count, STROKES[0]!),
    bar(bin, count, above.counts[bin]!, STROKES[1]!),
  ]);
  const legend = [below, above].map(({ name }, index) => {
    const left = MARGIN.left + 8 + index * 160;
    return `<rect x="${left}" y="8" width="14" height="12" fill="${STROKES[index]}"/><text x="${left + 20}" y="18">${escapeHtml(name)}</text>`;
  });
  const ticks = TICKS.map((tick) => Math.round(tick * most).toString());
  return chart(title, description, [...axes('score', 'detections', ticks), ...bars, ...legend]);
}

function chart(title: string, description: string, parts: readonly string[]): string {
  return (
    `<svg class="chart" role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">` +
    `<title>${escapeHtml(title)}</title><desc>${escapeHtml(description)}</desc>${parts.join('')}</svg>`
  );
}

function axes(xLabel: string, yLabel: string, yTicks: readonly string[]): string[] {
  const bottom = MARGIN.top + PLOT.height;
  const middle = MARGIN.top + PLOT.height / 2;
  return [
    ...TICKS.map((tick, index) => {
      const x = xAt(tick);
      const y = yAt(tick);
      return (
        `<path class="axis" d="M${MARGIN.left} ${y}h${PLOT.width}M${x} ${bottom}v4"/>` +
        `<text x="${x}" y="${bottom + 18}" text-anchor="middle">${tick}</text>` +
        `<text x="${MARGIN.left - 6}" y="${y + 4}" text-anchor="end">${escapeHtml(yTicks[index]!)}</text>`
      );
    }),
    `<text x="${MARGIN.left + PLOT.width / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeHtml(xLabel)}</text>`,
    `<text transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">${escapeHtml(yLabel)}</text>`,
  ];
}

function xAt(value: number): number {
  return round(MARGIN.left + value * PLOT.width);
}

function yAt(value: number): number {
  return round(MARGIN.top + (1 - value) * PLOT.height);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
