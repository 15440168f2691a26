import { useEffect, useRef, useState } from 'preact/hooks';
import type { PointNorm } from '../../../flow/geometry.ts';
import { formProblem, type Shape } from './draft.ts';
import type { EditorAction, EditorState } from './editor-state.ts';
import { Handles } from './handles.tsx';
import { cent, moved, snapped, withMiddle, withPoint } from './reshape.ts';

interface CanvasProps {
  readonly state: EditorState;
  readonly problems: ReadonlyMap<string, string>;
  readonly act: (action: EditorAction) => void;
}

/** What the pointer holds. */
interface Drag {
  readonly key: string;
  /** Undefined: the whole shape. */
  readonly index: number | undefined;
  readonly from: PointNorm;
  readonly points: readonly PointNorm[];
  readonly begun: boolean;
}

const SNAP_PX = 10;
/** A click so close to the first point closes the area. */
const CLOSE_PX = 16;

/** The shapes over the picture: drawn and moved by mouse, pen, finger and keyboard. */
export function Canvas({ state, problems, act }: CanvasProps) {
  const root = useRef<SVGSVGElement>(null);
  const drag = useRef<Drag>(undefined);
  const [cursor, setCursor] = useState<PointNorm>();
  const { shapes, selected, drawing } = state;

  useEffect(() => {
    if (drawing === undefined) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement) return;
      const action = DRAWING_KEYS[event.key];
      // Enter on a button presses the button.
      if (action === undefined || (event.key === 'Enter' && event.target instanceof HTMLButtonElement))
        return;
      event.preventDefault();
      act({ do: action });
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [drawing !== undefined, act]);

  const wasDrawing = useRef(false);
  useEffect(() => {
    // Whoever has finished a shape by keyboard goes on with its first point.
    if (wasDrawing.current && drawing === undefined) {
      root.current?.querySelector<SVGGElement>('.handle-group')?.focus();
    }
    wasDrawing.current = drawing !== undefined;
  }, [drawing]);

  const placeOf = (event: PointerEvent): PointNorm => {
    const { left, top, width, height } = root.current!.getBoundingClientRect();
    const place: PointNorm = [(event.clientX - left) / width, (event.clientY - top) / height];
    return snapped(place, [SNAP_PX / width, SNAP_PX / height]);
  };
  const isNear = (a: PointNorm, b: PointNorm) => {
    const { width, height } = root.current!.getBoundingClientRect();
    return Math.hypot((a[0] - b[0]) * width, (a[1] - b[1]) * height) < CLOSE_PX;
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const place = placeOf(event);
    if (drawing !== undefined) {
      const first = drawing.points[0];
      const last = drawing.points.at(-1);
      if (drawing.points.length >= 3 && first !== undefined && isNear(first, place)) act({ do: 'finish' });
      // The second press of a double click is where the first one was.
      else if (last === undefined || !isNear(last, place)) act({ do: 'place', point: place });
      return;
    }
    const { key, index, side } = (event.target as SVGElement).dataset;
    act({ do: 'select', key });
    const shape = shapes.find((candidate) => candidate.key === key);
    if (shape === undefined) return;
    root.current?.setPointerCapture(event.pointerId);
    // A press on the middle of a side makes a point there, and goes on to drag it.
    const points = side === undefined ? shape.points : withMiddle(shape.points, Number(side));
    if (side !== undefined) act({ do: 'change', key: shape.key, change: { points }, step: true });
    const held = side === undefined ? index : Number(side) + 1;
    drag.current = {
      key: shape.key,
      index: held === undefined ? undefined : Number(held),
      from: place,
      points,
      begun: side !== undefined,
    };
  };
  const onPointerMove = (event: PointerEvent) => {
    const place = placeOf(event);
    if (drawing !== undefined) setCursor(place);
    const held = drag.current;
    if (held === undefined) return;
    const points =
      held.index === undefined
        ? moved(held.points, [place[0] - held.from[0], place[1] - held.from[1]])
        : withPoint(held.points, held.index, place);
    act({ do: 'change', key: held.key, change: { points }, step: !held.begun });
    drag.current = { ...held, begun: true };
  };
  const letGo = () => {
    drag.current = undefined;
  };
  const chosen = shapes.find(({ key }) => key === selected);
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no fieldset
    <svg
      ref={root}
      class={`editor-canvas ${drawing === undefined ? '' : 'is-drawing'}`}
      role="group"
      aria-label="Zones and lines on the picture"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onDblClick={() => act({ do: 'finish' })}
    >
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" width="100%" height="100%" aria-hidden="true">
        {shapes.map((shape) => (
          <Outline
            key={shape.key}
            shape={shape}
            selected={shape.key === selected}
            wrong={problems.has(shape.key)}
          />
        ))}
        {drawing !== undefined && (
          <polyline
            class={`shape shape-drawing ${crosses(drawing.points) ? 'is-wrong' : ''}`}
            points={textOf(cursor === undefined ? drawing.points : [...drawing.points, cursor])}
          />
        )}
      </svg>
      {drawing?.points.map(([x, y], i) => (
        <circle
          key={`${x} ${y}`}
          class={i === 0 ? 'handle handle-first' : 'handle'}
          cx={cent(x)}
          cy={cent(y)}
          r="5"
        />
      ))}
      {drawing === undefined && chosen !== undefined && <Handles shape={chosen} act={act} />}
    </svg>
  );
}

const DRAWING_KEYS: Readonly<Record<string, 'finish' | 'cancel' | 'unplace'>> = {
  Enter: 'finish',
  Escape: 'cancel',
  Backspace: 'unplace',
};

interface OutlineProps {
  readonly shape: Shape;
  readonly selected: boolean;
  readonly wrong: boolean;
}

function Outline({ shape: { key, kind, points }, selected, wrong }: OutlineProps) {
  const look = `shape shape-${kind} ${selected ? 'is-selected' : ''} ${wrong ? 'is-wrong' : ''}`;
  if (kind !== 'line') return <polygon class={look} data-key={key} points={textOf(points)} />;
  return (
    <>
      <polyline class="shape-grip" data-key={key} points={textOf(points)} />
      <polyline class={look} data-key={key} points={textOf(points)} />
    </>
  );
}

function crosses(points: readonly PointNorm[]): boolean {
  return points.length >= 3 && formProblem('zone', points) !== undefined;
}

function textOf(points: readonly PointNorm[]): string {
  return points.map(([x, y]) => `${x},${y}`).join(' ');
}
