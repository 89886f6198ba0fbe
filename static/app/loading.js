/** Templates for what is loading and for what could not be loaded. */

import { html, icon, nothing, onceAtATime } from './html.js';
import { inWords } from './faults.js';
import { gettext } from './i18n.js';

/** Return the line that is shown while something is loading. */
export function loading() {
  return html`<p class="loading" role="status"><span class="spinner"></span>${gettext('Loading …')}</p>`;
}

/** Return an error with the button “Try again”. `again()` can return a promise. */
export function failed(fault, again) {
  const retry = ({ currentTarget }) => void onceAtATime(currentTarget, async () => again());
  return html`<div class="load-failed">
    <p class="notice" role="alert">${inWords(fault)}</p>
    <button type="button" class="button secondary" @click=${retry}>${icon('refresh-cw')}${gettext('Try again')}</button>
  </div>`;
}

/** Return the state of a store's snapshot: loading, failed, or nothing if it is ready. */
export function loadState({ phase, fault }, again) {
  if (phase === 'loading' && !fault) return loading();
  return fault ? failed(fault, again) : nothing;
}
