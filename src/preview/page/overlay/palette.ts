/** Told apart on any picture, day or night; none is the red of an alert. */
const COLOURS = [
  '#57c7b6',
  '#f2b84b',
  '#7fb2ff',
  '#e58fd0',
  '#a7d65a',
  '#ff9d6c',
  '#c3a6ff',
  '#6fd3f2',
] as const;

/** Labels that most cameras see have a colour of their own each. */
const FIXED: Readonly<Record<string, string>> = {
  person: COLOURS[0],
  car: COLOURS[1],
  bicycle: COLOURS[2],
  dog: COLOURS[3],
  cat: COLOURS[7],
  truck: COLOURS[5],
  bus: COLOURS[5],
  motorcycle: COLOURS[6],
};

/** The colour of a label: always the same one. */
export function colourOf(label: string): string {
  const fixed = FIXED[label];
  if (fixed !== undefined) return fixed;
  let hash = 0;
  for (const letter of label) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return COLOURS[hash % COLOURS.length]!;
}
