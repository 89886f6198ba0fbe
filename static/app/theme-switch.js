import { draw, iconButton } from './html.js';
import { gettext } from './i18n.js';

const THEMES = ['', 'light', 'dark'];
const ICONS = { '': 'monitor', light: 'sun', dark: 'moon' };

/** Return a button that switches between the system's theme, light and dark. */
export function themeSwitch(redraw) {
  const labels = { '': gettext('Theme: as the system'), light: gettext('Theme: light'), dark: gettext('Theme: dark') };
  const now = document.documentElement.dataset.theme ?? '';
  return iconButton(ICONS[now], labels[now], () => {
    const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    if (next) document.documentElement.dataset.theme = next;
    else delete document.documentElement.dataset.theme;
    localStorage.setItem('stoory.theme', next);
    redraw();
  });
}

for (const place of document.querySelectorAll('[data-theme-switch]')) {
  const show = () => draw(place, themeSwitch(show));
  show();
}
