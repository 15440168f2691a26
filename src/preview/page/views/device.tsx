import { useEffect, useState } from 'preact/hooks';
import { Bars, Sparkline } from '../parts/charts.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { Camera } from '../server/contract.ts';
import { describeError, requestJson } from '../server/request.ts';
import { sleep } from '../server/sleep.ts';
import { cameras, historyOf } from '../state/cameras.ts';
import { type DeviceReport, sectionsOf, slowedDownBy } from '../state/device-sections.ts';
import { heldBackBy } from '../state/limits.ts';
import { duration, words } from '../state/words.ts';
import { LatencyBars } from './camera.tsx';

const POLL_MS = 3_000;

/** The device: what it runs on, what it runs, and what each camera costs it. */
export function DeviceView() {
  const [report, setReport] = useState<DeviceReport>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const stop = new AbortController();
    const poll = async () => {
      while (!stop.signal.aborted) {
        try {
          setReport(await requestJson<DeviceReport>('/api/device', { signal: stop.signal }));
          setProblem(undefined);
        } catch (error) {
          if (!stop.signal.aborted) setProblem(describeError(error));
        }
        await sleep(POLL_MS, stop.signal).catch(() => {});
      }
    };
    void poll();
    return () => stop.abort();
  }, []);
  const slowedDown = slowedDownBy(report);
  const heldBack = heldBackBy(report);
  return (
    <div class="device-view">
      <header class="view-head">
        <h1>{report?.deviceId ?? 'Device'}</h1>
        {report !== undefined && (
          <span class="muted">
            version {report.version}, running for {duration(report.uptimeMs)}
          </span>
        )}
      </header>
      {problem !== undefined && (
        <p class="notice tone-alert" role="alert">
          {problem}
        </p>
      )}
      {slowedDown !== undefined && (
        <p class="notice tone-warn" role="status">
          The device is slowed down ({slowedDown}). Detection may fall behind until it is cooler or better
          powered.
        </p>
      )}
      {heldBack !== undefined && (
        <p class="notice tone-warn" role="status">
          {heldBack}
        </p>
      )}
      <div class="panels">
        {sectionsOf(report).map(({ title, facts }) => (
          <section key={title} class="card panel" aria-label={title}>
            <h2>{title}</h2>
            <dl class="facts">
              {facts.map(({ name, value }) => [
                <dt key={`${name} name`}>{name}</dt>,
                <dd key={name}>{value}</dd>,
              ])}
            </dl>
          </section>
        ))}
      </div>
      {cameras.value?.map((camera) => (
        <CameraPanel key={camera.cameraId} camera={camera} />
      ))}
    </div>
  );
}

function CameraPanel({ camera }: { readonly camera: Camera }) {
  const { cameraId, drops } = camera;
  const { captured, inferred, dropped } = historyOf(cameraId);
  const reasons = Object.entries(drops).map(([reason, value]) => ({ name: words(reason), value }));
  return (
    <section class="card camera-panel" aria-label={`Camera ${cameraId}`}>
      <header class="view-head">
        <h2>{cameraId}</h2>
        <StateBadge camera={camera} />
        {camera.advice !== null && <span class="muted">{camera.advice}</span>}
      </header>
      <div class="panels">
        <div>
          <Sparkline label="captured" unit="/ s" values={captured.values} />
          <Sparkline label="inferred" unit="/ s" values={inferred.values} />
          <Sparkline label="dropped" unit="/ s" values={dropped.values} />
        </div>
        <LatencyBars camera={camera} />
        {reasons.length > 0 ? (
          <Bars label="Dropped since the start, by reason" unit="" bars={reasons} />
        ) : (
          <p class="muted">No frame was dropped.</p>
        )}
      </div>
    </section>
  );
}
