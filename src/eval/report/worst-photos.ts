import sharp from 'sharp';
import { messageOf } from '../../base/errors.ts';
import type { CocoAnnotation, CocoResult } from '../coco-types.ts';
import type { PhotoOutcome } from '../detection-outcomes.ts';
import { escapeHtml } from './html.ts';

const MOST_PHOTOS = 12;
const THUMBNAIL_PX = 480;
const MAX_PIXELS = 100_000_000;

/** Photos with most mistakes, worst first; those without any are no worst ones. */
export function worstOutcomes(outcomes: readonly PhotoOutcome[]): PhotoOutcome[] {
  const mistakes = (outcome: PhotoOutcome) => outcome.missed + outcome.false + outcome.confused;
  return outcomes
    .filter((outcome) => mistakes(outcome) > 0)
    .sort((a, b) => mistakes(b) - mistakes(a))
    .slice(0, MOST_PHOTOS);
}

/**
 * A list of thumbnails with what is there (whole lines) and what was detected (dashed lines). A photo that cannot be read
 * is named with the reason.
 */
export async function worstPhotos(
  worst: readonly PhotoOutcome[],
  paths: ReadonlyMap<number, string>,
  names: ReadonlyMap<number, string>,
): Promise<string> {
  const items: string[] = [];
  for (const outcome of worst) {
    const path = paths.get(outcome.imageId);
    const title = path ?? `image ${outcome.imageId}`;
    const counts = `${outcome.missed} missed, ${outcome.false} at nothing, ${outcome.confused} as another class`;
    const picture = path === undefined ? '' : await thumbnail(path, outcome, counts);
    items.push(
      `<li><figure>${picture}<figcaption>${escapeHtml(shortName(title))}: ${counts}${list(outcome, names)}</figcaption></figure></li>`,
    );
  }
  return `<ul class="photos">\n${items.join('\n')}\n</ul>`;
}

async function thumbnail(path: string, outcome: PhotoOutcome, counts: string): Promise<string> {
  try {
    const { data, info } = await sharp(path, { limitInputPixels: MAX_PIXELS })
      .autoOrient()
      .flatten({ background: '#000' })
      .toBuffer({ resolveWithObject: true });
    const scale = Math.min(1, THUMBNAIL_PX / Math.max(info.width, info.height));
    const width = Math.max(1, Math.round(info.width * scale));
    const height = Math.max(1, Math.round(info.height * scale));
    const jpeg = await sharp(data)
      .resize(width, height, { fit: 'fill' })
      .composite([{ input: Buffer.from(overlay(width, height, scale, outcome)) }])
      .jpeg({ quality: 80 })
      .toBuffer();
    const alt = escapeHtml(`${shortName(path)} with true and detected boxes: ${counts}`);
    return `<img src="data:image/jpeg;base64,${jpeg.toString('base64')}" width="${width}" height="${height}" alt="${alt}">`;
  } catch (error) {
    return `<p>${escapeHtml(`cannot show it: ${messageOf(error)}`)}</p>`;
  }
}

function overlay(width: number, height: number, scale: number, outcome: PhotoOutcome): string {
  const rect = ({ bbox: [x, y, w, h] }: Pick<CocoAnnotation | CocoResult, 'bbox'>, style: string) => {
    const box = `x="${x * scale}" y="${y * scale}" width="${w * scale}" height="${h * scale}" fill="none"`;
    // A black line beneath keeps the coloured one visible on any ground.
    return `<rect ${box} stroke="#000" stroke-width="3.5" stroke-opacity=".6"/><rect ${box} ${style}/>`;
  };
  const objects = outcome.objects.map((object) => rect(object, 'stroke="#3fd07f" stroke-width="2"'));
  const detections = outcome.detections.map((detection) =>
    rect(detection, 'stroke="#ffb000" stroke-width="2" stroke-dasharray="6 4"'),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${objects.join('')}${detections.join('')}</svg>`;
}

/** What was missed and what was wrong, in words. */
function list(outcome: PhotoOutcome, names: ReadonlyMap<number, string>): string {
  const label = ({ category_id }: { category_id: number }) =>
    names.get(category_id) ?? `class ${category_id}`;
  const found = new Set(outcome.objectOf);
  const missed = outcome.objects.filter((_, g) => !found.has(g)).map(label);
  const wrong = outcome.detections.flatMap((detection, d) => {
    const object = outcome.objects[outcome.objectOf[d]!];
    if (object === undefined) return [`${label(detection)} ${detection.score.toFixed(2)}`];
    return object.category_id === detection.category_id ? [] : [`${label(object)} as ${label(detection)}`];
  });
  const part = (what: string, items: readonly string[]) =>
    items.length === 0 ? '' : `<br>${escapeHtml(`${what}: ${items.join(', ')}`)}`;
  return part('missed', missed) + part('wrong', wrong);
}

function shortName(path: string): string {
  return path.split('/').at(-1)!;
}
