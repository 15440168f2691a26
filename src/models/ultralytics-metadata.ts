/** What Ultralytics' exporter writes into `metadata_props` (ultralytics/engine/exporter.py), as far as it matters here. */
export interface UltralyticsMetadata {
  /** `detect`, `segment`, `pose`, `classify`, `obb`; undefined in exports of YOLOv5. */
  readonly task: string | undefined;
  readonly labels: readonly string[] | undefined;
  /** Height and width of the input. */
  readonly imageSize: readonly [heightPx: number, widthPx: number] | undefined;
}

/** Reads the entries that are there; an entry that cannot be read counts as absent. */
export function readUltralyticsMetadata(metadata: Readonly<Record<string, string>>): UltralyticsMetadata {
  return {
    task: metadata.task,
    labels: metadata.names === undefined ? undefined : parseNames(metadata.names),
    imageSize: metadata.imgsz === undefined ? undefined : parseImageSize(metadata.imgsz),
  };
}

/**
 * `{0: 'person', 1: "driver's seat"}` or `['person', 'car']`, as Python prints a dict or a list of strings.
 * Undefined when the text is anything else or a class is missing.
 */
function parseNames(text: string): string[] | undefined {
  const names: string[] = [];
  const entry = /\s*(?:(\d+)\s*:\s*)?(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|$)/y;
  const inner = text.trim();
  if (!/^(\{.*\}|\[.*\])$/s.test(inner)) return undefined;
  const body = inner.slice(1, -1);
  while (entry.lastIndex < body.length) {
    const match = entry.exec(body);
    if (match === null) return undefined;
    const index = match[1] === undefined ? names.length : Number(match[1]);
    if (index !== names.length) return undefined;
    names.push((match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1'));
  }
  return names.length > 0 ? names : undefined;
}

function parseImageSize(text: string): [number, number] | undefined {
  const numbers = (text.match(/\d+/g) ?? []).map(Number);
  const [height, width = height] = numbers;
  return height === undefined || width === undefined ? undefined : [height, width];
}
