/** Text as the content of an element or of a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A complete page that loads nothing: not from the network, not from other files; and runs no script. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

export function section(title: string, ...content: readonly string[]): string {
  return `<section>\n<h2>${escapeHtml(title)}</h2>\n${content.join('\n')}\n</section>`;
}

export function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

/** A table whose first column heads its rows; the others are numbers. It scrolls on its own where it is too wide. */
export function htmlTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const headings = head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const lines = rows.map(([first, ...cells]) => {
    const numbers = cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
    return `<tr><th scope="row">${escapeHtml(first ?? '')}</th>${numbers}</tr>`;
  });
  return `<div class="wide" role="region" aria-label="${escapeHtml(caption)}" tabindex="0"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr>${headings}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody></table></div>`;
}

/** `57.3`, or a dash where nothing is defined. @param share 0..1; negative: undefined */
export function percent(share: number): string {
  return share < 0 ? '–' : (100 * share).toFixed(1);
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #57606a; --line: #d0d7de;
  --a: #0b62c4; --b: #b3470b; --c: #1a7048; --d: #7a3ea8; --heat: 11, 98, 196; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #12161c; --soft: #9aa4af; --line: #3b434d;
    --a: #6cb2ff; --b: #ffa36b; --c: #67d39b; --d: #d3a6ff; --heat: 108, 178, 255; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: right; }
th[scope=row], thead th:first-child { text-align: left; font-weight: 600; white-space: nowrap; }
.wide { overflow-x: auto; } .wide:focus-visible { outline: 2px solid var(--a); }
.photos { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1rem; padding: 0; list-style: none; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; display: block; }
svg.chart { max-width: 100%; height: auto; } svg.chart text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg.chart .axis { stroke: var(--line); fill: none; }
`;
