/** The demo page: both sides of one deal next to each other, each with a client and a connection of its own. */

import { Session, StooryClient } from 'stoory-client';

import { ConversationView } from './conversation-view.js';
import { stages } from './deal-view.js';
import { fill, h, icon } from './dom.js';
import { inWords } from './faults.js';
import { price, role } from './format.js';
import { filled, gettext } from './i18n.js';
import { avatar } from './people.js';
import { Autoplay } from './autoplay.js';
import { themeSwitch } from './theme-switch.js';

const KEPT = 'stoory.demo.deal';

async function signedIn({ email, password }) {
  const session = new Session();
  await session.signIn({ email, password });
  const client = new StooryClient({ session });
  client.connect();
  return client;
}

/** The deal that is being played, the same after a reload; one of its own for each visitor. */
async function dealOf(brand, influencer) {
  const source = localStorage.getItem(KEPT) ?? `demo-page-${Date.now().toString(36)}`;
  localStorage.setItem(KEPT, source);
  const { id } = await brand.openConversation({
    conversation_type: 'bid',
    user_id: influencer.session.user.id,
    title: gettext('Diwali snack box, three reels'),
    source_id: source,
    proposed_amount: '18000',
    message: gettext('Hi Mira, your monsoon recipes made us hungry. Shall we do something for Diwali?'),
  });
  return id;
}

class DemoPage {
  #views;
  #autoplay;

  constructor(root, [brand, influencer], dealId) {
    this.#views = {
      brand_owner: new ConversationView(brand, dealId, { withDeal: false }),
      influencer: new ConversationView(influencer, dealId, { withDeal: false }),
    };
    const pace = Number(new URLSearchParams(location.search).get('pace')) || 1;
    this.#autoplay = new Autoplay(this.#views, { pace });
    this.stages = h('div', { class: 'demo-stages' });
    this.play = h('button', { type: 'button', class: 'button', onclick: () => this.#toggle() });
    this.end = h('div', { class: 'demo-end', role: 'status', hidden: true });
    this.panes = [this.#pane('brand_owner', brand), this.#pane('influencer', influencer)];
    this.tabs = h('div', { class: 'demo-tabs', role: 'group', 'aria-label': gettext('Side') });
    fill(root, this.#header(), this.tabs, h('main', { id: 'main', class: 'panes' }, this.panes), this.end);
    this.#show('brand_owner');
    this.#autoplay.subscribe(() => this.#showPlay());
    this.#showPlay();
    this.#conversation.subscribe(() => {
      this.#showStages();
      this.#showDeal();
    });
    for (const view of Object.values(this.#views)) view.open();
    void this.#conversation.loadDeal();
  }

  get #conversation() {
    return this.#views.brand_owner.conversation;
  }

  #header() {
    const over = h(
      'button',
      { type: 'button', class: 'button secondary', onclick: startOver },
      icon('rotate-ccw'),
      gettext('Start over'),
    );
    return h(
      'header',
      { class: 'demo-header' },
      document.getElementById('brand').content.cloneNode(true),
      h('h1', {}, gettext('One deal, both sides')),
      this.stages,
      h('div', { class: 'demo-controls' }, this.play, over, themeSwitch()),
    );
  }

  #pane(side, client) {
    const { user } = client.session;
    return h(
      'section',
      { class: 'pane', 'data-side': side, 'aria-label': filled(gettext('%(name)s’s side'), { name: user.name }) },
      h(
        'header',
        { class: 'pane-header' },
        avatar(user),
        h('h2', {}, user.name),
        h('span', {}, role(user.role)),
        h('strong', { class: 'pane-awaited', hidden: true }, gettext('has the next move')),
      ),
      this.#views[side].element,
    );
  }

  #show(side) {
    for (const pane of this.panes) pane.classList.toggle('shown', pane.dataset.side === side);
    fill(
      this.tabs,
      Object.keys(this.#views).map((one) =>
        h(
          'button',
          {
            type: 'button',
            class: 'filter',
            'aria-pressed': String(one === side),
            onclick: () => this.#show(one),
          },
          role(one),
        ),
      ),
    );
  }

  #toggle() {
    if (this.#autoplay.getSnapshot().isPlaying) this.#autoplay.pause();
    else void this.#autoplay.play();
  }

  #showPlay() {
    const { isPlaying } = this.#autoplay.getSnapshot();
    this.play.disabled = this.#conversation.getSnapshot().phase !== 'ready';
    fill(this.play, icon(isPlaying ? 'pause' : 'play'), isPlaying ? gettext('Pause') : gettext('Play it for me'));
  }

  #showStages() {
    const { phase, conversation, deal } = this.#conversation.getSnapshot();
    if (phase === 'ready' && deal) fill(this.stages, stages(deal, conversation));
  }

  #showDeal() {
    const { phase, conversation } = this.#conversation.getSnapshot();
    if (phase !== 'ready' || this.stages.dataset.version === String(conversation.state_version)) return;
    this.stages.dataset.version = conversation.state_version;
    this.#showPlay();
    for (const pane of this.panes) {
      const isNext = pane.dataset.side === conversation.awaiting_role;
      pane.classList.toggle('next', isNext);
      pane.querySelector('.pane-awaited').hidden = !isNext;
      if (isNext) this.#show(pane.dataset.side);
    }
    if (!conversation.awaiting_role) void this.#showEnd(conversation);
  }

  async #showEnd(conversation) {
    await this.#conversation.loadDeal().catch(() => {});
    const { deal } = this.#conversation.getSnapshot();
    const isPaid = deal?.payment_status === 'paid';
    const words = isPaid
      ? filled(gettext('Agreed at %(price)s, paid, delivered and approved. The chat stays open.'), {
          price: price(deal.agreed_price, deal.currency),
        })
      : gettext('This deal ended without an agreement.');
    this.play.hidden = true;
    this.end.hidden = false;
    fill(
      this.end,
      icon(isPaid ? 'circle-check' : 'circle-x'),
      h('p', {}, words),
      h('button', { type: 'button', class: 'button', onclick: startOver }, gettext('Play another one')),
      h('a', { class: 'button secondary', href: `/chat/${conversation.id}` }, gettext('Open it in the chat')),
      h('a', { class: 'button secondary', href: '/developers' }, gettext('Use the API')),
    );
  }
}

function startOver() {
  localStorage.removeItem(KEPT);
  location.reload();
}

const root = document.getElementById('demo');
try {
  const sides = JSON.parse(document.getElementById('demo-sides').textContent);
  const clients = await Promise.all(sides.map(signedIn));
  new DemoPage(root, clients, await dealOf(...clients));
} catch (fault) {
  fill(root, h('p', { class: 'notice', role: 'alert' }, inWords(fault)));
}
