import type { PointNorm } from '../../../flow/geometry.ts';
import { formProblem, freeName, type Shape, type ShapeKind } from './draft.ts';
import { onPicture } from './reshape.ts';

/** A shape that is being drawn, point by point. */
export interface Drawing {
  readonly kind: ShapeKind;
  readonly points: readonly PointNorm[];
}

export interface EditorState {
  readonly shapes: readonly Shape[];
  readonly selected: string | undefined;
  readonly drawing: Drawing | undefined;
  /** Shapes before each change, newest last. */
  readonly undo: readonly (readonly Shape[])[];
}

export type EditorAction =
  | { readonly do: 'load'; readonly shapes: readonly Shape[] }
  | { readonly do: 'select'; readonly key: string | undefined }
  | { readonly do: 'draw'; readonly kind: ShapeKind }
  | { readonly do: 'place'; readonly point: PointNorm }
  | { readonly do: 'unplace' }
  | { readonly do: 'finish' }
  | { readonly do: 'rectangle' }
  | { readonly do: 'cancel' }
  /** `step`: begins a change that can be undone; a drag is one change. */
  | { readonly do: 'change'; readonly key: string; readonly change: Partial<Shape>; readonly step: boolean }
  /** Moves a point by so much: two that come between two renderings add up. */
  | { readonly do: 'nudge'; readonly key: string; readonly index: number; readonly by: PointNorm }
  | { readonly do: 'remove'; readonly key: string }
  | { readonly do: 'undo' };

const MAX_UNDO = 100;

export const EMPTY: EditorState = { shapes: [], selected: undefined, drawing: undefined, undo: [] };

/** The state of the editor after an action. */
export function edited(state: EditorState, action: EditorAction): EditorState {
  const { shapes, drawing } = state;
  switch (action.do) {
    case 'load':
      return { ...EMPTY, shapes: action.shapes };
    case 'select':
      return { ...state, selected: action.key };
    case 'draw':
      return { ...state, drawing: { kind: action.kind, points: [] }, selected: undefined };
    case 'place': {
      if (drawing === undefined) return state;
      const placed = { ...drawing, points: [...drawing.points, action.point] };
      return drawing.kind === 'line' && placed.points.length === 2
        ? finished(state, placed)
        : { ...state, drawing: placed };
    }
    case 'unplace':
      return drawing === undefined
        ? state
        : { ...state, drawing: { ...drawing, points: drawing.points.slice(0, -1) } };
    case 'finish':
      return drawing === undefined || formProblem(drawing.kind, drawing.points) !== undefined
        ? state
        : finished(state, drawing);
    case 'rectangle':
      return drawing === undefined
        ? state
        : finished(state, { ...drawing, points: inTheMiddle(drawing.kind) });
    case 'cancel':
      return { ...state, drawing: undefined };
    case 'change':
      return {
        ...(action.step ? remembered(state) : state),
        shapes: shapes.map((shape) => (shape.key === action.key ? { ...shape, ...action.change } : shape)),
      };
    case 'nudge': {
      const { key, index, by } = action;
      const nudged = (points: readonly PointNorm[]) =>
        points.map(
          (point, i): PointNorm => (i === index ? onPicture([point[0] + by[0], point[1] + by[1]]) : point),
        );
      return {
        ...remembered(state),
        shapes: shapes.map((shape) =>
          shape.key === key ? { ...shape, points: nudged(shape.points) } : shape,
        ),
      };
    }
    case 'remove':
      return {
        ...remembered(state),
        shapes: shapes.filter(({ key }) => key !== action.key),
        selected: undefined,
      };
    case 'undo': {
      const before = state.undo.at(-1);
      return before === undefined ? state : { ...state, shapes: before, undo: state.undo.slice(0, -1) };
    }
  }
}

function remembered(state: EditorState): EditorState {
  return { ...state, undo: [...state.undo, state.shapes].slice(-MAX_UNDO) };
}

function finished(state: EditorState, { kind, points }: Drawing): EditorState {
  const id = kind === 'mask' ? '' : freeName(kind, state.shapes);
  const taken = new Set(state.shapes.map((shape) => shape.key));
  let number = state.shapes.length;
  while (taken.has(`new:${number}`)) number += 1;
  const shape: Shape = { key: `new:${number}`, kind, id, points, settings: {} };
  return {
    ...remembered(state),
    shapes: [...state.shapes, shape],
    selected: shape.key,
    drawing: undefined,
  };
}

function inTheMiddle(kind: ShapeKind): readonly PointNorm[] {
  if (kind === 'line') {
    return [
      [0.3, 0.6],
      [0.7, 0.6],
    ];
  }
  return [
    [0.35, 0.4],
    [0.65, 0.4],
    [0.65, 0.75],
    [0.35, 0.75],
  ];
}
