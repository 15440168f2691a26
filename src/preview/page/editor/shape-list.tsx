import { Icon } from '../parts/icon.tsx';
import type { Shape } from './draft.ts';
import type { EditorAction, EditorState } from './editor-state.ts';

interface ShapeListProps {
  readonly state: EditorState;
  readonly problems: ReadonlyMap<string, string>;
  /** Labels that a zone or line can be restricted to. */
  readonly labels: readonly string[];
  readonly act: (action: EditorAction) => void;
}

/** Every shape with its name; the selected one with its settings. */
export function ShapeList({ state, problems, labels, act }: ShapeListProps) {
  const { shapes, selected } = state;
  if (shapes.length === 0) return <p class="empty">Nothing drawn yet.</p>;
  return (
    <ul class="shape-list">
      {shapes.map((shape) => (
        <li key={shape.key} class={`shape-item ${shape.key === selected ? 'is-selected' : ''}`}>
          <button
            type="button"
            class="shape-name"
            aria-expanded={shape.key === selected}
            onClick={() => act({ do: 'select', key: shape.key === selected ? undefined : shape.key })}
          >
            <Icon name={shape.kind} />
            <span>{shape.id || 'motion mask'}</span>
            <span class="muted">{shape.kind}</span>
          </button>
          {problems.has(shape.key) && (
            <p class="notice tone-alert" role="alert">
              {problems.get(shape.key)}
            </p>
          )}
          {shape.key === selected && <Settings shape={shape} labels={labels} act={act} />}
        </li>
      ))}
    </ul>
  );
}

interface SettingsProps {
  readonly shape: Shape;
  readonly labels: readonly string[];
  readonly act: (action: EditorAction) => void;
}

function Settings({ shape, labels, act }: SettingsProps) {
  const { key, kind, id, points, settings } = shape;
  const change = (next: Partial<Shape>) => act({ do: 'change', key, change: next, step: true });
  const set = (name: string, value: unknown) => {
    const { [name]: _, ...rest } = settings;
    change({ settings: value === undefined ? rest : { ...rest, [name]: value } });
  };
  const objects = Array.isArray(settings.objects) ? (settings.objects as readonly string[]) : [];
  const dwellMs = typeof settings.dwellMs === 'number' ? settings.dwellMs : undefined;
  return (
    <div class="shape-settings">
      {kind !== 'mask' && (
        <label class="field">
          <span>Name</span>
          <input
            name="name"
            value={id}
            spellcheck={false}
            onInput={({ currentTarget }) => change({ id: currentTarget.value })}
          />
        </label>
      )}
      {kind === 'zone' && (
        <>
          <label class="field">
            <span>Point of the box that counts</span>
            <select
              value={String(settings.anchor ?? 'bottom')}
              onChange={({ currentTarget }) => set('anchor', currentTarget.value)}
            >
              <option value="bottom">bottom</option>
              <option value="centre">centre</option>
              <option value="top">top</option>
            </select>
          </label>
          <label class="field">
            <span>Report a stay of, s</span>
            <input
              type="number"
              min="0.1"
              step="0.1"
              value={dwellMs === undefined ? '' : dwellMs / 1000}
              onChange={({ currentTarget: { value } }) =>
                set('dwellMs', value === '' ? undefined : Math.round(Number(value) * 1000))
              }
            />
          </label>
        </>
      )}
      {kind !== 'mask' && (
        <>
          <label class="field">
            <span>Severity of its events</span>
            <select
              value={String(settings.severity ?? 'detection')}
              onChange={({ currentTarget }) => set('severity', currentTarget.value)}
            >
              <option value="detection">detection</option>
              <option value="alert">alert</option>
            </select>
          </label>
          {labels.length > 0 && (
            <fieldset class="field">
              <legend>Only these (none: all)</legend>
              <span class="checks">
                {labels.map((label) => (
                  <label key={label} class="check">
                    <input
                      type="checkbox"
                      checked={objects.includes(label)}
                      onChange={() => {
                        const next = objects.includes(label)
                          ? objects.filter((other) => other !== label)
                          : [...objects, label];
                        set('objects', next.length === 0 ? undefined : next);
                      }}
                    />
                    {label}
                  </label>
                ))}
              </span>
            </fieldset>
          )}
        </>
      )}
      <div class="button-row">
        {kind === 'line' && (
          <button type="button" class="button" onClick={() => change({ points: points.toReversed() })}>
            Turn round
          </button>
        )}
        <button type="button" class="button danger" onClick={() => act({ do: 'remove', key })}>
          <Icon name="trash" /> Remove
        </button>
      </div>
    </div>
  );
}
