import { signal } from '@preact/signals';

export const THEMES = ['auto', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'ocellus.theme';

/** auto: as the system asks. */
export const theme = signal<Theme>(stored());

export function setTheme(next: Theme): void {
  theme.value = next;
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice lasts as long as the page does.
  }
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return THEMES.find((known) => known === text) ?? 'auto';
  } catch {
    return 'auto';
  }
}
