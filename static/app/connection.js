import { fill, h, icon } from './dom.js';
import { gettext } from './i18n.js';

const WORDS = {
  connecting: () => gettext('Connecting …'),
  reconnecting: () => gettext('Connection lost. Reconnecting …'),
  offline: () => gettext('You are offline. What you write is sent when you are back.'),
};

/** A line that says what is wrong with the connection; hidden while nothing is. */
export class ConnectionLine {
  #shown = null;
  element = h('p', { class: 'connection', role: 'status', hidden: true });

  /** `status` is the client's; `instead`, where given, is said whatever it is. */
  show(status, instead = '') {
    const words = instead || (WORDS[status]?.() ?? '');
    if (words === this.#shown) return;
    this.#shown = words;
    fill(this.element, words && icon(status === 'offline' ? 'wifi-off' : 'refresh-cw'), words);
    this.element.hidden = !words;
  }
}
