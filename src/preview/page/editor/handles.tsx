import type { PointNorm } from '../../../flow/geometry.ts';
import { percent } from '../state/words.ts';
import { MAX_POINTS, type Shape } from './draft.ts';
import type { EditorAction } from './editor-state.ts';
import { cent, withMiddle, withoutPoint } from './reshape.ts';

interface HandlesProps {
  readonly shape: Shape;
  readonly act: (action: EditorAction) => void;
}

/** One press of an arrow key, in picture widths and heights; with Shift ten times as far. */
const STEP = 0.005;

const ARROWS: Readonly<Record<string, PointNorm>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** The points of the selected shape, to be dragged or moved by arrow keys, and one between each two to make another. */
export function Handles({ shape, act }: HandlesProps) {
  const { key, kind, id, points } = shape;
  const change = (next: readonly PointNorm[]) =>
    act({ do: 'change', key, change: { points: next }, step: true });
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) {
      const far = event.shiftKey ? 10 : 1;
      act({ do: 'nudge', key, index, by: [arrow[0] * far, arrow[1] * far] });
    } else if (event.key === 'Delete' && kind !== 'line' && points.length > 3)
      change(withoutPoint(points, index));
    else if (event.key === 'Insert' && kind !== 'line') change(withMiddle(points, index));
    else return;
    event.preventDefault();
  };
  const sides = kind === 'line' || points.length >= MAX_POINTS ? [] : points;
  return (
    <>
      {sides.map(([x, y], i) => {
        const [nextX, nextY] = points[(i + 1) % points.length]!;
        return (
          <circle
            key={`side ${i}`}
            class="handle-middle"
            cx={cent((x + nextX) / 2)}
            cy={cent((y + nextY) / 2)}
            r="5"
            data-key={key}
            data-side={i}
          />
        );
      })}
      {points.map(([x, y], i) => (
        // biome-ignore lint/a11y/useSemanticElements: SVG has no button
        <g
          key={`point ${i}`}
          class="handle-group"
          role="button"
          // In lower case: attributes of SVG are not what HTML makes of them.
          tabindex={0}
          aria-label={`${pointName(kind, i)} of ${id || kind}: ${percent(x)} from the left, ${percent(y)} from the top. Arrow keys move it${kind === 'line' ? '' : ', Delete removes it, Insert adds one after it'}.`}
          onKeyDown={(event) => onKeyDown(event, i)}
        >
          <circle class="handle-reach" data-key={key} data-index={i} cx={cent(x)} cy={cent(y)} r="18" />
          <circle class="handle" cx={cent(x)} cy={cent(y)} r="6" />
        </g>
      ))}
    </>
  );
}

function pointName(kind: Shape['kind'], index: number): string {
  if (kind === 'line') return index === 0 ? 'Begin' : 'End';
  return `Point ${index + 1}`;
}
