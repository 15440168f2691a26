import { useEffect, useState } from 'preact/hooks';
import { parseRoute, type Route } from './route.ts';
import { describeError } from './server/request.ts';
import { sleep } from './server/sleep.ts';
import { refreshSession, session } from './state/session.ts';
import { CameraView } from './views/camera.tsx';
import { DeviceView } from './views/device.tsx';
import { EditorView } from './views/editor.tsx';
import { Events } from './views/events.tsx';
import { Grid } from './views/grid.tsx';
import { Login } from './views/login.tsx';
import { Shell } from './views/shell.tsx';

const RETRY_MS = 2_000;

/** The page. */
export function App() {
  const [problem, setProblem] = useState<string>();
  const route = useRoute();
  useEffect(() => {
    const stop = new AbortController();
    void firstSession(setProblem, stop.signal);
    return () => stop.abort();
  }, []);
  const now = session.value;
  useEffect(() => {
    document.title = now === undefined ? 'Ocellus' : `${titleOf(route)} – ${now.deviceId} – Ocellus`;
  }, [now, route]);
  if (now === undefined) return <main class="login muted">{problem ?? 'Loading…'}</main>;
  if (now.user === null) return <Login />;
  return (
    <Shell view={route.view}>
      <View route={route} />
    </Shell>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'cameras':
      return <Grid />;
    case 'camera':
      return <CameraView key={route.cameraId} cameraId={route.cameraId} />;
    case 'editor':
      return <EditorView key={route.cameraId} cameraId={route.cameraId} />;
    case 'events':
      return <Events query={route.query} />;
    case 'device':
      return <DeviceView />;
  }
}

function titleOf(route: Route): string {
  if (route.view === 'camera') return route.cameraId;
  if (route.view === 'editor') return `Zones of ${route.cameraId}`;
  return { cameras: 'Cameras', events: 'Events', device: 'Device' }[route.view];
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parseRoute(location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return route;
}

/** Asks until the device answers: the page may have come from a cache while the device is starting. */
async function firstSession(say: (problem: string) => void, abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    try {
      return await refreshSession();
    } catch (error) {
      say(describeError(error));
      await sleep(RETRY_MS, abort).catch(() => {});
    }
  }
}
