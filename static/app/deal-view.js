import { fill, h, icon, reconcile } from './dom.js';
import { fully, offerKind, price, role, short } from './format.js';
import { gettext } from './i18n.js';

/** The stages of a deal in one line, the present one lit. */
export function stages(deal, conversation) {
  const isClosed = conversation.chat_status === 'closed';
  const at = conversation.stage?.position;
  return h(
    'ol',
    { class: isClosed ? 'stages closed' : 'stages' },
    deal.stages.map(({ label, position }) => {
      const state = position < at ? 'past' : position === at ? 'present' : '';
      return h('li', { class: state, 'aria-current': position === at ? 'step' : null }, label);
    }),
  );
}

/** How far a deal has come: its stages, the offers and what was agreed, and every step with its time. */
export class DealView {
  #conversation;
  #loadedFor = 0;
  element = h('aside', { class: 'deal', 'aria-label': gettext('Deal') });

  constructor(conversation) {
    this.#conversation = conversation;
    this.head = h('div', {});
    this.offers = h('div', {});
    this.steps = h('ol', { class: 'steps' });
    this.element.append(this.head, this.offers, h('h3', {}, gettext('What happened')), this.steps);
  }

  show({ phase, conversation, steps, deal }) {
    const isDeal = phase === 'ready' && conversation.conversation_type !== 'direct';
    this.element.hidden = !isDeal;
    if (!isDeal) return;
    if (this.#loadedFor !== conversation.state_version) {
      this.#loadedFor = conversation.state_version;
      if (!steps) void this.#conversation.loadSteps().catch(() => (this.#loadedFor = 0));
      void this.#conversation.loadDeal().catch(() => (this.#loadedFor = 0));
    }
    fill(this.head, h('h3', {}, conversation.title || gettext('Deal')), deal && stages(deal, conversation));
    fill(this.offers, this.#agreed(deal), this.#offers(deal));
    const rows = [...(steps ?? [])].reverse().map((step) => ({ key: step.seq, step }));
    reconcile(this.steps, rows, ({ step }) => this.#step(step));
  }

  #agreed(deal) {
    if (!deal?.agreed_price) return null;
    return h(
      'p',
      { class: 'agreed' },
      icon('handshake'),
      h('span', {}, h('small', {}, gettext('Agreed price')), h('strong', {}, price(deal.agreed_price, deal.currency))),
      deal.payment_status === 'paid' ? h('span', { class: 'paid' }, icon('circle-check'), gettext('Paid')) : null,
    );
  }

  #offers(deal) {
    if (!deal?.offers.length) return null;
    return [
      h('h3', {}, gettext('Offers')),
      h(
        'ol',
        { class: 'offers' },
        deal.offers.map((offer) =>
          h(
            'li',
            {},
            h('span', {}, offerKind(offer.kind), h('small', {}, role(offer.proposer_role))),
            h('strong', { class: offer.accepted_at ? 'accepted' : null }, price(offer.amount, offer.currency)),
          ),
        ),
      ),
    ];
  }

  #step(step) {
    return h(
      'li',
      { class: step.new_state.chat_status === 'closed' ? 'closed' : null },
      h('p', {}, step.summary ?? step.reason.replaceAll('_', ' ')),
      h('time', { datetime: step.timestamp, title: fully(step.timestamp) }, short(step.timestamp)),
    );
  }
}
