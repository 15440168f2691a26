import { useState } from 'preact/hooks';
import type { TransportName } from '../live/ladder.ts';
import { NAMES } from '../live/player.ts';
import { Bars, Sparkline } from '../parts/charts.tsx';
import { EventList } from '../parts/event-list.tsx';
import { Icon } from '../parts/icon.tsx';
import { LiveView, transportsOf } from '../parts/live-view.tsx';
import { overlayOptions } from '../parts/overlay-options.ts';
import { StateBadge, toneOf } from '../parts/state-badge.tsx';
import { useTimeline } from '../parts/use-timeline.ts';
import { formatRoute } from '../route.ts';
import type { Camera } from '../server/contract.ts';
import { cameras, historyOf } from '../state/cameras.ts';
import { mayEdit } from '../state/session.ts';
import { duration, words } from '../state/words.ts';

/** One camera, large, with all that is known of it. */
export function CameraView({ cameraId }: { readonly cameraId: string }) {
  const camera = cameras.value?.find((candidate) => candidate.cameraId === cameraId);
  const [transport, setTransport] = useState<TransportName>();
  const timeline = useTimeline({ camera: cameraId });
  if (camera === undefined) {
    return (
      <p class="empty">{cameras.value === undefined ? 'Loading…' : `There is no camera ${cameraId}.`}</p>
    );
  }
  return (
    <div class="with-side">
      <section class="single" aria-label={`Camera ${cameraId}`}>
        <header class="view-head">
          <a class="button quiet" href="#/cameras" aria-label="All cameras">
            <Icon name="back" />
          </a>
          <h1>{cameraId}</h1>
          <StateBadge camera={camera} />
          {mayEdit.value && (
            <a class="button push-right" href={formatRoute({ view: 'editor', cameraId })}>
              <Icon name="edit" /> Zones and lines
            </a>
          )}
        </header>
        <div class="single-live">
          <LiveView camera={camera} detail transport={transport} />
        </div>
        <Controls camera={camera} transport={transport} onTransport={setTransport} />
        <Advice camera={camera} />
        <Numbers camera={camera} />
      </section>
      <aside class="side card" aria-label={`Events of ${cameraId}`}>
        <header class="side-head">
          <h2>Events</h2>
          <a href={`#/events?camera=${encodeURIComponent(cameraId)}`}>Search</a>
        </header>
        <EventList timeline={timeline} ofOneCamera limit={40} />
      </aside>
    </div>
  );
}

interface ControlsProps {
  readonly camera: Camera;
  readonly transport: TransportName | undefined;
  readonly onTransport: (transport: TransportName | undefined) => void;
}

function Controls({ camera, transport, onTransport }: ControlsProps) {
  const options = overlayOptions.value;
  const toggle = (name: keyof typeof options) => (
    <label class="check">
      <input
        type="checkbox"
        checked={options[name]}
        onChange={() => {
          overlayOptions.value = { ...options, [name]: !options[name] };
        }}
      />
      {name}
    </label>
  );
  return (
    <fieldset class="controls" aria-label="What is shown">
      {toggle('boxes')}
      {toggle('trails')}
      {toggle('zones')}
      <label class="inline-field push-right">
        Live by
        <select
          value={transport ?? 'auto'}
          onChange={({ currentTarget: { value } }) =>
            onTransport(transportsOf(camera).find((name) => name === value))
          }
        >
          <option value="auto">the best way</option>
          {transportsOf(camera).map((name) => (
            <option key={name} value={name}>
              {NAMES[name]}
            </option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}

/** What is wrong, since when, and what to do; nothing while all is well. */
function Advice({ camera }: { readonly camera: Camera }) {
  const { state, advice } = camera;
  if (advice === null) return null;
  return (
    <p class={`notice tone-${toneOf(camera)}`} role="status">
      <strong>
        {state.state}
        {state.cause !== null && `: ${words(state.cause)}`}
      </strong>{' '}
      for {duration(Date.now() - state.sinceMs)}. {advice}
    </p>
  );
}

function Numbers({ camera }: { readonly camera: Camera }) {
  const { cameraId, counts, zoneCounts, source, pictureSizePx } = camera;
  const history = historyOf(cameraId);
  return (
    <div class="panels">
      <section class="card panel" aria-label="Present">
        <h2>Present</h2>
        <CountTable counts={counts} />
        {Object.entries(zoneCounts).map(([zone, ofZone]) => (
          <CountTable key={zone} title={zone} counts={ofZone} />
        ))}
      </section>
      <section class="card panel" aria-label="Rates">
        <h2>Rates</h2>
        <Sparkline values={history.captured.values} label="captured" unit="/ s" />
        <Sparkline values={history.inferred.values} label="inferred" unit="/ s" />
      </section>
      <section class="card panel" aria-label="Latency">
        <LatencyBars camera={camera} />
        <dl class="facts">
          <dt>Source</dt>
          <dd class="mono">{source}</dd>
          <dt>Picture</dt>
          <dd>
            {pictureSizePx === null ? 'none yet' : `${pictureSizePx.widthPx} × ${pictureSizePx.heightPx}`}
          </dd>
        </dl>
      </section>
    </div>
  );
}

/** Median and 95th percentile of each stage. */
export function LatencyBars({ camera: { latencyMs } }: { readonly camera: Camera }) {
  const bars = Object.entries(latencyMs).map(([name, { p50, p95 }]) => ({
    name: words(name),
    value: p50,
    mark: p95,
  }));
  return <Bars label="Latency by stage, median / 95th percentile" unit="ms" bars={bars} />;
}

interface CountTableProps {
  readonly title?: string;
  readonly counts: Readonly<Record<string, number>>;
}

function CountTable({ title, counts }: CountTableProps) {
  const entries = Object.entries(counts);
  return (
    <table class="counts">
      {title !== undefined && <caption>in {title}</caption>}
      <tbody>
        {entries.map(([label, count]) => (
          <tr key={label} class={count === 0 ? 'muted' : ''}>
            <th scope="row">{label}</th>
            <td class="number">{count}</td>
          </tr>
        ))}
        {entries.length === 0 && (
          <tr class="muted">
            <td>nothing yet</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
