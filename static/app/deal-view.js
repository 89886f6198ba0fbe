import { draw, html, icon, made, nothing, repeat } from './html.js';
import { fully, offerKind, price, role, short } from './format.js';
import { filled, gettext } from './i18n.js';

/** Return the stages of a deal in one line, with the current stage highlighted. A closed deal keeps its progress. */
export function stages(deal, conversation) {
  const isClosed = conversation.chat_status === 'closed';
  const at = conversation.stage?.position ?? deal.reached;
  const stage = ({ label, position }) => {
    const state = position < at ? 'past' : position === at ? 'present' : '';
    return html`<li class=${state} aria-current=${position === at && !isClosed ? 'step' : nothing}>${label}</li>`;
  };
  return html`<ol class=${isClosed ? 'stages closed' : 'stages'}>
    ${deal.stages.map(stage)}
  </ol>`;
}

/** The progress of a deal: its stages, its offers, the agreed price, and every step with its time. */
export class DealView {
  #conversation;
  #loadedFor = '';
  element = made(html`<aside class="deal" aria-label=${gettext('Deal')}></aside>`);

  constructor(conversation) {
    this.#conversation = conversation;
  }

  show({ phase, conversation, messages, steps, deal }) {
    const isDeal = phase === 'ready' && conversation.conversation_type !== 'direct';
    this.element.hidden = !isDeal;
    if (!isDeal) return;
    // A message of the system can report a refund without a new state.
    const version = `${conversation.state_version} ${messages.findLast((one) => one.message_type === 'system')?.seq}`;
    if (this.#loadedFor !== version) {
      this.#loadedFor = version;
      if (!steps) void this.#conversation.loadSteps().catch(() => (this.#loadedFor = ''));
      void this.#conversation.loadDeal().catch(() => (this.#loadedFor = ''));
    }
    draw(
      this.element,
      html`<div>
          <h3><bdi>${conversation.title || gettext('Deal')}</bdi></h3>
          ${deal ? stages(deal, conversation) : nothing}
        </div>
        <div>${agreed(deal, conversation)}${offers(deal)}</div>
        <h3>${gettext('What happened')}</h3>
        <ol class="steps">
          ${repeat([...(steps ?? [])].reverse(), ({ seq }) => seq, step)}
        </ol>`,
    );
  }
}

function agreed(deal, { id }) {
  if (!deal?.agreed_price) return nothing;
  const refunded = Number(deal.refunded_amount)
    ? html`<small>${filled(gettext('Refunded: %(sum)s'), { sum: price(deal.refunded_amount, deal.currency) })}</small>`
    : nothing;
  const link = html`<a href="/chat/${id}/receipt">${icon('file-text')}${gettext('Receipt')}</a>`;
  const receipt = Number(deal.paid_amount) ? html`<p class="receipt-link">${link}</p>` : nothing;
  return html`<p class="agreed">
      ${icon('handshake')}
      <span>
        <small>${gettext('Agreed price')}</small><strong>${price(deal.agreed_price, deal.currency)}</strong>${refunded}
      </span>
      ${paymentLabel(deal)}
    </p>
    ${receipt}`;
}

function paymentLabel({ payment_status: status, dispute }) {
  if (dispute === 'open') return html`<span class="paid">${icon('circle-x')}${gettext('Disputed')}</span>`;
  const isPaid = status === 'paid' && dispute !== 'lost';
  return isPaid ? html`<span class="paid">${icon('circle-check')}${gettext('Paid')}</span>` : nothing;
}

function offers(deal) {
  if (!deal?.offers.length) return nothing;
  const line = (offer) =>
    html`<li>
      <span>${offerKind(offer.kind)}<small>${role(offer.proposer_role)}</small></span>
      <strong class=${offer.accepted_at ? 'accepted' : nothing}>${price(offer.amount, offer.currency)}</strong>
    </li>`;
  return html`<h3>${gettext('Offers')}</h3>
    <ol class="offers">
      ${deal.offers.map(line)}
    </ol>`;
}

function step(one) {
  return html`<li class=${one.new_state.chat_status === 'closed' ? 'closed' : nothing}>
    <p>${one.summary}</p>
    <time datetime=${one.timestamp} title=${fully(one.timestamp)}>${short(one.timestamp)}</time>
  </li>`;
}
