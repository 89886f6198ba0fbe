import { dialog } from './dialog.js';
import { h, icon, onceAtATime } from './dom.js';
import { inWords } from './faults.js';
import { price } from './format.js';
import { filled, gettext } from './i18n.js';

/** Pay an order. The built-in sandbox moves no money; another provider's own page or form would stand here. */
export async function payFor(payment, client) {
  const sum = price(payment.amount, payment.currency);
  await dialog(filled(gettext('Pay %(sum)s'), { sum }), (close) => {
    if (payment.provider !== 'sandbox') {
      return h(
        'p',
        {},
        filled(gettext('This order is paid through %(provider)s: %(order)s'), {
          provider: payment.provider,
          order: payment.order_id,
        }),
      );
    }
    const fault = h('p', { class: 'notice', role: 'alert', hidden: true });
    const pay = async () => {
      try {
        await client.session.post(`/api/payments/sandbox/${payment.order_id}/pay`);
        close();
      } catch (refusal) {
        fault.textContent = inWords(refusal);
        fault.hidden = false;
      }
    };
    const onclick = ({ currentTarget }) => void onceAtATime(currentTarget, pay);
    return [
      h(
        'p',
        {},
        icon('credit-card'),
        ' ',
        gettext('This is the sandbox: no money moves, everything else is as it will be.'),
      ),
      fault,
      h(
        'p',
        { class: 'buttons' },
        h(
          'button',
          { type: 'button', class: 'button', 'data-pay': true, onclick },
          filled(gettext('Pay %(sum)s'), { sum }),
        ),
        h('button', { type: 'button', class: 'button secondary', onclick: () => close() }, gettext('Not now')),
      ),
    ];
  });
}
