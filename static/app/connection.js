import { html, icon, nothing } from './html.js';
import { gettext } from './i18n.js';

const WORDS = {
  connecting: () => gettext('Connecting …'),
  reconnecting: () => gettext('Connection lost. Reconnecting …'),
  offline: () => gettext('You are offline. Your messages will be sent when you are online again.'),
};

/** Return a line that describes a problem with the connection, hidden while it works. `status` is the client's. */
export function connectionLine(status) {
  const words = WORDS[status]?.() ?? '';
  const picture = words ? icon(status === 'offline' ? 'wifi-off' : 'refresh-cw') : nothing;
  return html`<p class="connection" role="status" ?hidden=${!words}>${picture}${words}</p>`;
}
