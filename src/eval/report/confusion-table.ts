import type { ConfusionMatrix } from '../detection-outcomes.ts';
import { escapeHtml, htmlTable } from './html.ts';

/** More columns than this nobody reads. */
const MOST_CLASSES = 20;
const MOST_CONFUSIONS = 20;
const BACKGROUND = 'nothing';

/** The confusion matrix of the commonest classes, and the commonest confusions of all. */
export function confusionTables(matrix: ConfusionMatrix, names: ReadonlyMap<number, string>): string {
  const width = matrix.categoryIds.length + 1;
  const name = (index: number) => names.get(matrix.categoryIds[index] ?? Number.NaN) ?? BACKGROUND;
  const rowSum = (row: number) =>
    matrix.counts.subarray(row * width, (row + 1) * width).reduce((a, b) => a + b, 0);
  const shown = matrix.categoryIds
    .map((_, index) => index)
    .filter((index) => rowSum(index) > 0)
    .sort((a, b) => rowSum(b) - rowSum(a))
    .slice(0, MOST_CLASSES);
  const cells = [...shown, width - 1];
  const caption = `Rows: what is there. Columns: what was detected. The ${shown.length} classes with most objects.`;
  const headings = cells.map((column) => `<th scope="col">${escapeHtml(name(column))}</th>`).join('');
  const lines = cells.map((row) => {
    const sum = Math.max(1, rowSum(row));
    const numbers = cells.map((column) => {
      const count = matrix.counts[row * width + column]!;
      const heat = (0.55 * Math.sqrt(count / sum)).toFixed(2);
      return `<td style="background:rgba(var(--heat),${count === 0 ? 0 : heat})">${count === 0 ? '' : count}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(name(row))}</th>${numbers.join('')}</tr>`;
  });
  return `<div class="wide" role="region" aria-label="Confusion matrix" tabindex="0"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr><th scope="col">there</th>${headings}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody></table></div>
${commonestConfusions(matrix, name)}`;
}

function commonestConfusions({ counts }: ConfusionMatrix, name: (index: number) => string): string {
  const width = Math.sqrt(counts.length);
  const rows = [...counts.keys()]
    .map((cell) => ({ there: Math.floor(cell / width), detected: cell % width, count: counts[cell]! }))
    .filter(({ there, detected, count }) => count > 0 && there !== detected)
    .filter(({ there, detected }) => there !== width - 1 && detected !== width - 1)
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_CONFUSIONS);
  if (rows.length === 0) return '<p>No object was detected as another class.</p>';
  return htmlTable(
    'Commonest confusions',
    ['there', 'detected as', 'times'],
    rows.map(({ there, detected, count }) => [name(there), name(detected), String(count)]),
  );
}
