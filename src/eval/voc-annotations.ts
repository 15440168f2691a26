import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, OcellusError } from '../base/errors.ts';
import { type CocoAnnotation, type CocoAnnotations, type CocoImage, readText } from './coco-types.ts';
import { parseXml, type XmlElement } from './xml-tree.ts';

/**
 * Reads a folder of Pascal VOC annotations, one XML file per photo, as COCO's structure. Photos have numbers from 1 in the
 * order of their names, classes in alphabetical order. VOC boxes name the first and the last pixel inside, from 1: a box
 * of pixels 1 to 10 becomes 0, width 10, which makes the IoU that of the development kit.
 *
 * @throws OcellusError `io_failed`, `data_invalid` with file and line
 */
export function readVocAnnotations(folder: string): CocoAnnotations {
  const names = xmlNames(folder);
  if (names.length === 0) {
    throw new OcellusError('data_invalid', `${folder} holds no .xml files`, {
      hint: 'give the folder Annotations of a Pascal VOC data set, or a COCO .json file',
    });
  }
  const photos = names.map((name, index) => readPhoto(join(folder, name), name, index + 1));
  const classes = [...new Set(photos.flatMap(({ objects }) => objects.map(({ label }) => label)))].sort();
  const idOf = new Map(classes.map((name, index) => [name, index + 1]));
  const annotations: CocoAnnotation[] = [];
  for (const { image, objects } of photos) {
    for (const { label, bbox, difficult } of objects) {
      annotations.push({
        id: annotations.length + 1,
        image_id: image.id,
        category_id: idOf.get(label)!,
        bbox,
        area: bbox[2] * bbox[3],
        iscrowd: 0,
        difficult,
      });
    }
  }
  return {
    images: photos.map(({ image }) => image),
    categories: classes.map((name) => ({ id: idOf.get(name)!, name })),
    annotations,
  };
}

interface Photo {
  readonly image: CocoImage;
  readonly objects: readonly { label: string; bbox: CocoAnnotation['bbox']; difficult: boolean }[];
}

function readPhoto(path: string, name: string, id: number): Photo {
  const root = parseXml(readText(path), path);
  const size = child(root, 'size');
  const fileName = child(root, 'filename')?.text ?? name.replace(/\.xml$/, '.jpg');
  const image = {
    id,
    file_name: fileName,
    ...(size === undefined
      ? {}
      : { width: numberIn(size, 'width', path), height: numberIn(size, 'height', path) }),
  };
  const objects = root.children
    .filter((element) => element.name === 'object')
    .map((object) => {
      const label = child(object, 'name')?.text ?? '';
      const box = child(object, 'bndbox');
      if (label === '' || box === undefined) throw incomplete(path, 'an object without <name> or <bndbox>');
      const [left, top, right, bottom] = (['xmin', 'ymin', 'xmax', 'ymax'] as const).map((side) =>
        numberIn(box, side, path),
      ) as [number, number, number, number];
      const difficult = child(object, 'difficult')?.text === '1';
      const bbox: CocoAnnotation['bbox'] = [left - 1, top - 1, right - left + 1, bottom - top + 1];
      return { label, bbox, difficult };
    });
  return { image, objects };
}

function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

function numberIn(element: XmlElement, name: string, path: string): number {
  const text = child(element, name)?.text ?? '';
  const value = text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw incomplete(path, `<${element.name}> has no number <${name}>`);
  return value;
}

function incomplete(path: string, what: string): OcellusError {
  return new OcellusError('data_invalid', `${path}: ${what}`, {
    hint: 'each .xml is one Pascal VOC annotation: filename, size, and objects with name and bndbox',
  });
}

function xmlNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.xml'))
      .sort();
  } catch (cause) {
    throw new OcellusError('io_failed', `cannot list ${folder}: ${messageOf(cause)}`, {
      hint: 'check the path given as --annotations',
      cause,
    });
  }
}
