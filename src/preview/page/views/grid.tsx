import { EventList } from '../parts/event-list.tsx';
import { Icon } from '../parts/icon.tsx';
import { LiveView } from '../parts/live-view.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { useTimeline } from '../parts/use-timeline.ts';
import { formatRoute } from '../route.ts';
import type { Camera } from '../server/contract.ts';
import { cameras } from '../state/cameras.ts';
import { limitText } from '../state/limits.ts';

/** Every camera live, and what has happened lately. */
export function Grid() {
  const list = cameras.value;
  const recent = useTimeline({});
  return (
    <div class="with-side">
      <section aria-label="Cameras">
        <h1 class="hidden">Cameras</h1>
        {list?.length === 0 && <p class="empty">No camera is configured, or none is yours to see.</p>}
        <div class="grid" data-count={list?.length}>
          {list?.map((camera) => (
            <Tile key={camera.cameraId} camera={camera} />
          ))}
        </div>
      </section>
      <aside class="side card" aria-label="Recent events">
        <header class="side-head">
          <h2>Recent</h2>
          <a href="#/events">All events</a>
        </header>
        <EventList timeline={recent} limit={30} />
      </aside>
    </div>
  );
}

function Tile({ camera }: { readonly camera: Camera }) {
  const { cameraId, counts, rates, recording, limit } = camera;
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  return (
    <article class="tile card" aria-label={`Camera ${cameraId}`}>
      <header class="tile-head">
        <a class="tile-name" href={formatRoute({ view: 'camera', cameraId })}>
          {cameraId}
        </a>
        <StateBadge camera={camera} />
        <span class="tile-rate muted">{rates.inferredPerS.toFixed(1)} / s</span>
      </header>
      <LiveView camera={camera} detail={false} />
      <footer class="tile-foot chips">
        {present.map(([label, count]) => (
          <span key={label} class="chip">
            {count} {label}
          </span>
        ))}
        {present.length === 0 && (
          <span class="muted">{camera.state.state === 'live' ? 'nothing there' : 'no picture'}</span>
        )}
        {camera.motion && <span class="chip chip-now">motion</span>}
        {limit !== null && (
          <span class="chip tone-warn" title={limitText(limit)}>
            held back
          </span>
        )}
        {recording && (
          <span class="chip" title="Clips of events are recorded">
            <Icon name="record" /> clips
          </span>
        )}
      </footer>
    </article>
  );
}
