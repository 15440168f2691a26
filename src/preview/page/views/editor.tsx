import { useCallback, useEffect, useReducer, useState } from 'preact/hooks';
import { Canvas } from '../editor/canvas.tsx';
import { loadShapes, type SaveOutcome, saveShapes } from '../editor/config-edits.ts';
import { formProblem, problemsOf, type ShapeKind } from '../editor/draft.ts';
import { type Drawing, type EditorAction, EMPTY, edited } from '../editor/editor-state.ts';
import { ShapeList } from '../editor/shape-list.tsx';
import { Icon } from '../parts/icon.tsx';
import { LiveView } from '../parts/live-view.tsx';
import { formatRoute } from '../route.ts';
import { describeError } from '../server/request.ts';
import { cameras, refreshCameras } from '../state/cameras.ts';
import { mayEdit } from '../state/session.ts';

type Save = 'idle' | 'saving' | 'saved' | 'stale';

/** Zones, lines and motion masks of one camera, drawn on its live picture. */
export function EditorView({ cameraId }: { readonly cameraId: string }) {
  const camera = cameras.value?.find((candidate) => candidate.cameraId === cameraId);
  const [state, dispatch] = useReducer(edited, EMPTY);
  const [revision, setRevision] = useState<string>();
  const [save, setSave] = useState<Save>('idle');
  const [problem, setProblem] = useState<string>();
  const [refusals, setRefusals] = useState<ReadonlyMap<string, string>>(new Map());
  const act = useCallback((action: EditorAction) => {
    dispatch(action);
    if (action.do !== 'select') setSave((now) => (now === 'saved' ? 'idle' : now));
    if (action.do === 'change' || action.do === 'remove') setRefusals(new Map());
  }, []);

  const load = useCallback(async () => {
    try {
      const loaded = await loadShapes(cameraId);
      setRevision(loaded.revision);
      dispatch({ do: 'load', shapes: loaded.shapes });
      setSave('idle');
      setProblem(undefined);
    } catch (error) {
      setProblem(describeError(error));
    }
  }, [cameraId]);
  useEffect(() => void load(), [load]);

  const store = async (known: string) => {
    setSave('saving');
    setProblem(undefined);
    try {
      settle(await saveShapes(cameraId, state.shapes, known));
    } catch (error) {
      setSave('idle');
      setProblem(describeError(error));
    }
  };
  const settle = (outcome: SaveOutcome) => {
    if (outcome.kind === 'refused') {
      setSave('idle');
      setRefusals(outcome.byKey);
      setProblem(outcome.others.join('\n') || undefined);
      return;
    }
    setSave(outcome.kind);
    if (outcome.kind === 'saved') {
      setRevision(outcome.revision);
      void refreshCameras().catch(() => {});
    }
  };
  const overwrite = async () => {
    const { revision: newest } = await loadShapes(cameraId);
    await store(newest);
  };

  if (camera === undefined) return <p class="empty">Loading…</p>;
  if (!mayEdit.value) return <p class="empty">Changing zones and lines takes the role operator.</p>;
  const problems = new Map([...refusals, ...problemsOf(state.shapes)]);
  const ready = revision !== undefined && problems.size === 0 && state.drawing === undefined;
  return (
    <div class="with-side">
      <section class="single" aria-label={`Zones and lines of ${cameraId}`}>
        <header class="view-head">
          <a
            class="button quiet"
            href={formatRoute({ view: 'camera', cameraId })}
            aria-label={`Back to ${cameraId}`}
          >
            <Icon name="back" />
          </a>
          <h1>
            {cameraId} <span class="muted">zones and lines</span>
          </h1>
        </header>
        <div class="single-live">
          <LiveView camera={camera} detail={false} withoutZones>
            <Canvas state={state} problems={problems} act={act} />
          </LiveView>
        </div>
        <DrawingHelp drawing={state.drawing} act={act} />
      </section>
      <aside class="side card" aria-label="Shapes">
        <div class="button-row side-head">
          <AddButton kind="zone" act={act} />
          <AddButton kind="line" act={act} />
          <AddButton kind="mask" act={act} />
          <button
            type="button"
            class="button quiet push-right"
            aria-label="Undo"
            disabled={state.undo.length === 0}
            onClick={() => act({ do: 'undo' })}
          >
            <Icon name="undo" />
          </button>
        </div>
        <div class="side-body">
          <ShapeList state={state} problems={problems} labels={camera.labels} act={act} />
        </div>
        <footer class="side-foot">
          {problem !== undefined && (
            <p class="notice tone-alert" role="alert">
              {problem}
            </p>
          )}
          {save === 'stale' && <Conflict onReload={() => void load()} onOverwrite={() => void overwrite()} />}
          <button
            type="button"
            class="button primary wide"
            disabled={!ready || save === 'saving'}
            onClick={() => revision !== undefined && void store(revision)}
          >
            {save === 'saving' ? 'Saving…' : 'Save'}
          </button>
          <p class="muted" role="status">
            {save === 'saved' ? 'Saved, and in force.' : 'Saved changes are in force at once.'}
          </p>
        </footer>
      </aside>
    </div>
  );
}

interface AddButtonProps {
  readonly kind: ShapeKind;
  readonly act: (action: EditorAction) => void;
}

function AddButton({ kind, act }: AddButtonProps) {
  return (
    <button type="button" class="button" onClick={() => act({ do: 'draw', kind })}>
      <Icon name={kind} />
      <span class="hidden">Add </span>
      {kind}
    </button>
  );
}

interface DrawingHelpProps {
  readonly drawing: Drawing | undefined;
  readonly act: (action: EditorAction) => void;
}

function DrawingHelp({ drawing, act }: DrawingHelpProps) {
  if (drawing === undefined) {
    return (
      <p class="muted editor-help">
        Drag points and shapes. A press on the small point of a side makes a new corner. By keyboard: Tab to a
        point, then the arrow keys, with Shift ten times as far.
      </p>
    );
  }
  const { kind, points } = drawing;
  const wrong = formProblem(kind, points);
  const crossing = points.length >= 3 ? wrong : undefined;
  return (
    <div class="editor-help" role="status">
      <p class={crossing === undefined ? '' : 'tone-text-alert'}>
        {crossing ??
          (kind === 'line'
            ? 'Press where the line begins, and where it ends.'
            : 'Press the corners one after the other; the first once more, or Enter, to finish.')}
      </p>
      <div class="button-row">
        <button
          type="button"
          class="button primary"
          disabled={wrong !== undefined}
          onClick={() => act({ do: 'finish' })}
        >
          Finish
        </button>
        <button
          type="button"
          class="button"
          disabled={points.length === 0}
          onClick={() => act({ do: 'unplace' })}
        >
          Take back a point
        </button>
        <button type="button" class="button" onClick={() => act({ do: 'rectangle' })}>
          Place one in the middle
        </button>
        <button type="button" class="button" onClick={() => act({ do: 'cancel' })}>
          Cancel
        </button>
      </div>
    </div>
  );
}

interface ConflictProps {
  readonly onReload: () => void;
  readonly onOverwrite: () => void;
}

/** Two people edited at once: neither is overruled without being asked. */
function Conflict({ onReload, onOverwrite }: ConflictProps) {
  return (
    <div class="notice tone-warn" role="alert">
      <p>
        The configuration was changed elsewhere since you opened it. Load it and lose what you drew here, or
        save yours and lose the zones, lines and masks that were saved for this camera meanwhile.
      </p>
      <div class="button-row">
        <button type="button" class="button" onClick={onReload}>
          Load theirs
        </button>
        <button type="button" class="button danger" onClick={onOverwrite}>
          Save mine
        </button>
      </div>
    </div>
  );
}
