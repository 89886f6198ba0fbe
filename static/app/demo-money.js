/** The buttons of the demo that report refunds and disputes, as the sandbox's webhooks do. */

import { html, nothing, onceAtATime } from './html.js';
import { price } from './format.js';
import { filled, gettext } from './i18n.js';

const PART = 10;

/** Return the buttons for the payment of a deal. `report(type, amount)` reports an event about the order. */
export function moneyButtons(deal, report) {
  if (!deal?.order_id || deal.payment_status !== 'paid' || deal.dispute === 'lost') return nothing;
  const events = deal.dispute === 'open' ? disputed() : refundable(deal);
  const button = ({ label, type, amount }) =>
    html`<button
      type="button"
      class="button secondary"
      data-event=${type}
      @click=${({ currentTarget }) => void onceAtATime(currentTarget, () => report(`payment.${type}`, amount))}
    >
      ${label}
    </button>`;
  return html`<div class="demo-money" role="group" aria-label=${gettext('Payment')}>${events.map(button)}</div>`;
}

function disputed() {
  return [
    { label: gettext('End the dispute: won'), type: 'dispute_won' },
    { label: gettext('End the dispute: lost'), type: 'dispute_lost' },
  ];
}

function refundable({ currency, paid_amount: paid, refunded_amount: refunded, dispute }) {
  const decimals = paid.split('.')[1]?.length ?? 0;
  const rest = Number(paid) - Number(refunded);
  const part = Number((Number(paid) / PART).toFixed(decimals));
  const refund = (sum) => ({
    label: filled(gettext('Refund %(sum)s'), { sum: price(sum, currency) }),
    type: 'refunded',
    amount: sum.toFixed(decimals),
  });
  const refunds = part > 0 && part < rest ? [refund(part), refund(rest)] : [refund(rest)];
  return dispute ? refunds : [...refunds, { label: gettext('Open a dispute'), type: 'dispute_opened' }];
}
