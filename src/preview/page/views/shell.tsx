import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon, type IconName } from '../parts/icon.tsx';
import { ThemeSwitch } from '../parts/theme-switch.tsx';
import type { Route } from '../route.ts';
import { pollCameras } from '../state/cameras.ts';
import { connected, followDevice } from '../state/connection.ts';
import { logOut, session } from '../state/session.ts';

const TABS: readonly {
  readonly href: string;
  readonly name: string;
  readonly icon: IconName;
  readonly views: readonly Route['view'][];
}[] = [
  { href: '#/cameras', name: 'Cameras', icon: 'cameras', views: ['cameras', 'camera', 'editor'] },
  { href: '#/events', name: 'Events', icon: 'events', views: ['events'] },
  { href: '#/device', name: 'Device', icon: 'device', views: ['device'] },
];

interface ShellProps {
  readonly view: Route['view'];
  readonly children: ComponentChildren;
}

/** What is around every view once somebody may look: the bar, and the connections that keep all of it current. */
export function Shell({ view, children }: ShellProps) {
  useEffect(() => {
    const stop = new AbortController();
    void followDevice(stop.signal);
    void pollCameras(stop.signal);
    return () => stop.abort();
  }, []);
  const now = session.value;
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <header class="topbar">
        <a class="brand" href="#/cameras">
          <img src="./favicon.svg" alt="" width="22" height="22" />
          <span>Ocellus</span>
        </a>
        <nav class="tabs" aria-label="Views">
          {TABS.map(({ href, name, icon, views }) => (
            <a key={href} class="tab" href={href} aria-current={views.includes(view) ? 'page' : undefined}>
              <Icon name={icon} />
              <span>{name}</span>
            </a>
          ))}
        </nav>
        <span class="device-name muted">{now?.deviceId}</span>
        <ThemeSwitch />
        {now?.authentication === 'password' && (
          <button type="button" class="button quiet" onClick={() => void logOut().catch(() => {})}>
            <Icon name="logout" />
            <span class="wide-only">Log out {now.user?.name}</span>
            <span class="hidden narrow-only">Log out</span>
          </button>
        )}
      </header>
      {connected.value === false && (
        <p class="lost" role="status">
          <Icon name="warning" /> The device does not answer. Trying again…
        </p>
      )}
      <main id="main" class="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
