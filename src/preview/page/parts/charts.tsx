interface SparklineProps {
  readonly values: readonly number[];
  readonly label: string;
  readonly unit: string;
}

const WIDTH = 160;
const HEIGHT = 36;

/** The course of a value over the last minutes, from zero to its own highest. */
export function Sparkline({ values, label, unit }: SparklineProps) {
  const newest = values.at(-1) ?? 0;
  const top = Math.max(...values, 1) * 1.1;
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values.map(
    (value, i) => `${(i * step).toFixed(1)},${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`,
  );
  return (
    <figure class="spark">
      <figcaption>
        <span class="muted">{label}</span>
        <strong>
          {newest.toFixed(1)} <span class="muted">{unit}</span>
        </strong>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {points.length > 1 && (
          <>
            <polygon class="spark-area" points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} />
            <polyline class="spark-line" points={points.join(' ')} />
          </>
        )}
      </svg>
    </figure>
  );
}

interface BarsProps {
  readonly label: string;
  readonly unit: string;
  /** `mark`: a second value on the same bar, such as a 95th percentile. */
  readonly bars: readonly { readonly name: string; readonly value: number; readonly mark?: number }[];
}

/** Values side by side, as a table that is drawn as bars. */
export function Bars({ label, unit, bars }: BarsProps) {
  const top = Math.max(...bars.map(({ value, mark }) => Math.max(value, mark ?? 0)), 1e-9);
  const share = (value: number) => `${((value / top) * 100).toFixed(1)}%`;
  return (
    <table class="bars">
      <caption class="muted">{label}</caption>
      <tbody>
        {bars.map(({ name, value, mark }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="bar-cell" aria-hidden="true">
              {mark !== undefined && <span class="bar bar-mark" style={{ width: share(mark) }} />}
              <span class="bar" style={{ width: share(value) }} />
            </td>
            <td class="number">
              {tidy(value)}
              {mark !== undefined && ` / ${tidy(mark)}`} {unit}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function tidy(value: number): string {
  return Number.isInteger(value) || value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}
