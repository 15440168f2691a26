import { describe, expect, test } from 'vitest';
import {
  cameraShapesOf,
  formProblem,
  keyOfPath,
  problemsOf,
  type Shape,
  shapesOf,
} from '../../../../src/preview/page/editor/draft.ts';
import {
  type EditorAction,
  type EditorState,
  EMPTY,
  edited,
} from '../../../../src/preview/page/editor/editor-state.ts';
import { moved, snapped, withMiddle } from '../../../../src/preview/page/editor/reshape.ts';

const SQUARE = [
  [0.1, 0.1],
  [0.5, 0.1],
  [0.5, 0.5],
  [0.1, 0.5],
] as const;

describe('shapes', () => {
  test('keep every setting that the page does not know', () => {
    const camera = {
      zones: { drive: { polygon: SQUARE, dwellMs: 5000, occupancy: { full: { moreThan: 2 } } } },
      lines: { gate: { from: [0, 0.5] as const, to: [1, 0.5] as const, severity: 'alert' } },
      masks: [SQUARE],
    };
    expect(cameraShapesOf(shapesOf(camera))).toEqual(camera);
  });

  test.each([
    ['zone', SQUARE, undefined],
    ['zone', SQUARE.slice(0, 2), 'at least three points'],
    ['zone', [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]], 'sides cross'],
    ['mask', [SQUARE[0], SQUARE[1], SQUARE[1]], 'repeats'],
    ['zone', Array.from({ length: 65 }, (_, i) => [i / 65, (i / 65) ** 2] as const), 'at most 64'],
    ['line', [SQUARE[0]], 'two points'],
    ['line', [SQUARE[0], SQUARE[0]], 'begins where it ends'],
  ] as const)('%s of %j', (kind, points, problem) => {
    if (problem === undefined) expect(formProblem(kind, points)).toBeUndefined();
    else expect(formProblem(kind, points)).toContain(problem);
  });

  test('are told of names that are not sound, or given twice', () => {
    const shape = (key: string, id: string): Shape => ({
      key,
      kind: 'zone',
      id,
      points: SQUARE,
      settings: {},
    });
    const problems = problemsOf([
      shape('a', 'drive'),
      shape('b', 'drive'),
      shape('c', 'my zone'),
      shape('d', 'x'),
    ]);
    expect([...problems.keys()]).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['zones.drive.polygon', 'zone:drive'],
    ['cameras.front.zones.drive', 'zone:drive'],
    ['lines.gate.from[0]', 'line:gate'],
    ['masks[0][2]', 'mask:0'],
    ['zones.other', undefined],
    ['detect.fps', undefined],
  ])('an issue with %s belongs to %s', (path, key) => {
    const shapes = shapesOf({
      zones: { drive: { polygon: SQUARE } },
      lines: { gate: { from: [0, 0], to: [1, 1] } },
      masks: [SQUARE],
    });
    expect(keyOfPath(path, shapes)).toBe(key);
  });
});

describe('drawing', () => {
  const drawn = (...actions: EditorAction[]): EditorState => actions.reduce(edited, EMPTY);
  const place = (x: number, y: number): EditorAction => ({ do: 'place', point: [x, y] });

  test('a zone is its corners, has a free name and is selected', () => {
    const { shapes, selected, drawing } = drawn(
      { do: 'load', shapes: shapesOf({ zones: { 'zone-1': { polygon: SQUARE } }, lines: {}, masks: [] }) },
      { do: 'draw', kind: 'zone' },
      place(0.1, 0.1),
      place(0.5, 0.1),
      place(0.5, 0.5),
      { do: 'finish' },
    );
    expect(shapes[1]).toMatchObject({
      id: 'zone-2',
      points: [
        [0.1, 0.1],
        [0.5, 0.1],
        [0.5, 0.5],
      ],
    });
    expect(selected).toBe(shapes[1]!.key);
    expect(drawing).toBeUndefined();
  });

  test('a line is done with its second point', () => {
    const { shapes } = drawn({ do: 'draw', kind: 'line' }, place(0, 0.5), place(1, 0.5));
    expect(shapes).toHaveLength(1);
  });

  test('an area whose sides cross cannot be finished', () => {
    const { shapes, drawing } = drawn(
      { do: 'draw', kind: 'zone' },
      ...SQUARE.map(([x, y], i) => place(i === 1 ? 0.05 : x, i === 1 ? 0.6 : y)),
      place(0.3, 0.05),
      place(0.3, 0.9),
      { do: 'finish' },
    );
    expect(shapes).toEqual([]);
    expect(drawing?.points).toHaveLength(6);
  });

  test('a drag is one step to undo', () => {
    const begun = drawn({ do: 'draw', kind: 'zone' }, { do: 'rectangle' });
    const { key, points } = begun.shapes[0]!;
    const drag = [0.1, 0.2, 0.3].map(
      (x, i): EditorAction => ({
        do: 'change',
        key,
        change: { points: [[x, 0.1], ...points.slice(1)] },
        step: i === 0,
      }),
    );
    const dragged = drag.reduce(edited, begun);
    expect(dragged.shapes[0]!.points[0]).toEqual([0.3, 0.1]);
    expect(edited(dragged, { do: 'undo' }).shapes[0]!.points).toEqual(points);
  });
});

describe('reshaping', () => {
  test('moves no further than the picture goes, and keeps the form', () => {
    expect(moved(SQUARE, [-0.9, 0.2])).toEqual([
      [0, 0.3],
      [0.4, 0.3],
      [0.4, 0.7],
      [0, 0.7],
    ]);
  });

  test('snaps to an edge that is near', () => {
    expect(snapped([0.008, 0.5], [0.01, 0.01])).toEqual([0, 0.5]);
    expect(snapped([0.995, 1.4], [0.01, 0.01])).toEqual([1, 1]);
  });

  test('makes a point in the middle of the last side too', () => {
    expect(withMiddle(SQUARE, 3).at(-1)).toEqual([0.1, 0.3]);
  });
});
