import { html, icon, nothing } from './html.js';
import { gettext } from './i18n.js';

/** Return what is shown instead of an unknown or foreign conversation. The optional `onBack()` leads to the list. */
export function missingConversation(onBack) {
  const back = (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    onBack();
  };
  return html`<div class="nothing" role="alert">
    ${icon('message-circle')}
    <h2>${gettext('This conversation cannot be found.')}</h2>
    <p>${gettext('It does not exist, or you do not take part in it.')}</p>
    ${
      onBack
        ? html`<a class="button" href="/chat" @click=${back}>${icon('arrow-left')}${gettext('Back to the list')}</a>`
        : nothing
    }
  </div>`;
}
