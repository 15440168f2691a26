import { render } from 'preact';
import { App } from './app.tsx';
import { setTheme, theme } from './state/theme.ts';
import './design/tokens.css';
import './design/base.css';
import './design/controls.css';
import './design/layout.css';
import './design/live.css';
import './design/events.css';
import './design/device.css';
import './design/editor.css';

setTheme(theme.peek());
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
