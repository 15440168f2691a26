import { setTheme, THEMES, theme } from '../state/theme.ts';
import { Icon } from './icon.tsx';

/** From automatic to dark to light and round again. */
export function ThemeSwitch() {
  const now = theme.value;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]!;
  return (
    <button
      type="button"
      class="button quiet"
      aria-label={`Colours: ${now}. Switch to ${next}.`}
      title={`Colours: ${now}`}
      onClick={() => setTheme(next)}
    >
      <Icon name="theme" />
      <span class="wide-only">{now}</span>
    </button>
  );
}
