import { signal } from '@preact/signals';

export const THEMES = ['auto', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'ocellus.theme';

const systemIsLight = matchMedia('(prefers-color-scheme: light)');

/** auto: as the system asks. */
export const theme = signal<Theme>(stored());

systemIsLight.addEventListener('change', show);

export function setTheme(next: Theme): void {
  theme.value = next;
  show();
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice lasts as long as the page does.
  }
}

function show(): void {
  const system = systemIsLight.matches ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme.value === 'auto' ? system : theme.value;
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return THEMES.find((known) => known === text) ?? 'auto';
  } catch {
    return 'auto';
  }
}
