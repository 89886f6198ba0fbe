import { dialog } from './dialog.js';
import { html, icon, notice, onceAtATime } from './html.js';
import { inWords } from './faults.js';
import { price } from './format.js';
import { filled, gettext } from './i18n.js';

/** Open the dialog that pays an order. The sandbox transfers no money. For another provider, add its form here. */
export async function payFor(payment, client) {
  const title = filled(gettext('Pay %(sum)s'), { sum: price(payment.amount, payment.currency) });
  await dialog(title, payment.provider === 'sandbox' ? sandbox(payment, client, title) : () => elsewhere(payment));
}

function elsewhere({ provider, order_id: order }) {
  return html`<p>${filled(gettext('This order is paid through %(provider)s: %(order)s'), { provider, order })}</p>`;
}

function sandbox(payment, client, title) {
  let fault = '';
  return (close, redraw) => {
    const pay = async () => {
      fault = '';
      redraw();
      try {
        await client.session.post(`/api/payments/sandbox/${payment.order_id}/pay`);
        close();
      } catch (refusal) {
        fault = inWords(refusal);
        redraw();
      }
    };
    const onclick = ({ currentTarget }) => void onceAtATime(currentTarget, pay);
    return html`<p>
        ${icon('credit-card')} ${gettext('This is the sandbox: no money is transferred. The rest works as usual.')}
      </p>
      ${notice(fault)}
      <p class="buttons">
        <button type="button" class="button" data-pay @click=${onclick}>${title}</button>
        <button type="button" class="button secondary" @click=${() => close()}>${gettext('Not now')}</button>
      </p>`;
  };
}
