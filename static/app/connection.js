import { html, icon, nothing } from './html.js';
import { gettext } from './i18n.js';

const WORDS = {
  connecting: () => gettext('Connecting …'),
  reconnecting: () => gettext('Connection lost. Reconnecting …'),
  offline: () => gettext('You are offline. What you write is sent when you are back.'),
};

/**
 * A line that says what is wrong with the connection; hidden while nothing is. `status` is the client's; `instead`,
 * where given, is said whatever it is.
 */
export function connectionLine(status, instead = '') {
  const words = instead || (WORDS[status]?.() ?? '');
  const picture = words ? icon(status === 'offline' ? 'wifi-off' : 'refresh-cw') : nothing;
  return html`<p class="connection" role="status" ?hidden=${!words}>${picture}${words}</p>`;
}
