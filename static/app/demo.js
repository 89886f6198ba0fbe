/** The demo page: both participants of one deal next to each other, each with its own client and connection. */

import { Session, StooryClient } from 'stoory-client';

import { ConversationView } from './conversation-view.js';
import { stages } from './deal-view.js';
import { moneyButtons } from './demo-money.js';
import { draw, html, icon, nothing, notice } from './html.js';
import { inWords } from './faults.js';
import { price, role } from './format.js';
import { filled, gettext, isolated } from './i18n.js';
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

/** Open the deal of this visitor and return its id. After a reload of the page it is the same deal. */
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
  #root;
  #payer;
  #users;
  #views;
  #autoplay;
  #brand = document.getElementById('brand').content.cloneNode(true);
  #shown = 'brand_owner';
  #version = null;
  #hasEnded = false;
  #fault = '';

  constructor(root, [brand, influencer], dealId) {
    this.#root = root;
    this.#payer = brand;
    this.#users = { brand_owner: brand.session.user, influencer: influencer.session.user };
    this.#views = {
      brand_owner: new ConversationView(brand, dealId, { withDeal: false }),
      influencer: new ConversationView(influencer, dealId, { withDeal: false }),
    };
    const pace = Number(new URLSearchParams(location.search).get('pace')) || 1;
    this.#autoplay = new Autoplay(this.#views, { pace });
    this.#draw();
    this.#autoplay.subscribe(() => this.#draw());
    this.#conversation.subscribe(() => this.#look());
    for (const view of Object.values(this.#views)) view.open();
  }

  get #conversation() {
    return this.#views.brand_owner.conversation;
  }

  /** Select the side that acts next: narrow screens show only the selected side. */
  #look() {
    const { phase, conversation } = this.#conversation.getSnapshot();
    if (phase === 'ready' && this.#version !== conversation.state_version) {
      this.#version = conversation.state_version;
      this.#shown = conversation.awaiting_role ?? this.#shown;
      void this.#readDeal();
    }
    this.#draw();
  }

  async #readDeal() {
    await this.#conversation.loadDeal().catch(() => {});
    const { chat_status: status, stage } = this.#conversation.getSnapshot().conversation;
    this.#hasEnded = status === 'closed' || stage?.key === 'done';
    this.#draw();
  }

  /** Report an event about the payment, as the sandbox does. */
  async #report(type, amount) {
    const { deal } = this.#conversation.getSnapshot();
    const path = `/api/payments/sandbox/${deal.order_id}/pay`;
    this.#fault = await this.#payer.session.post(path, { type, amount }).then(() => '', inWords);
    await this.#readDeal();
  }

  #draw() {
    const sides = Object.keys(this.#views);
    const { phase, conversation, deal } = this.#conversation.getSnapshot();
    draw(
      this.#root,
      html`<header class="demo-header">
          ${this.#brand}
          <h1>${gettext('One deal, both sides')}</h1>
          <div class="demo-stages">${phase === 'ready' && deal ? stages(deal, conversation) : nothing}</div>
          <div class="demo-controls">
            ${moneyButtons(deal, (type, amount) => this.#report(type, amount))}
            ${this.#hasEnded ? nothing : this.#play(phase)}
            <button type="button" class="button secondary" @click=${startOver}>
              ${icon('rotate-ccw')}${gettext('Start over')}
            </button>
            ${themeSwitch(() => this.#draw())}
          </div>
        </header>
        ${notice(this.#fault)}
        <div class="demo-tabs" role="group" aria-label=${gettext('Side')}>${sides.map((side) => this.#tab(side))}</div>
        <main id="main" class="panes">${sides.map((side) => this.#pane(side, conversation))}</main>
        <div class="demo-end" role="status" ?hidden=${!this.#hasEnded}>
          ${this.#hasEnded ? ending(conversation, deal) : nothing}
        </div>`,
    );
  }

  #play(phase) {
    const { isPlaying } = this.#autoplay.getSnapshot();
    const toggle = () => (isPlaying ? this.#autoplay.pause() : void this.#autoplay.play());
    return html`<button type="button" class="button" ?disabled=${phase !== 'ready'} @click=${toggle}>
      ${icon(isPlaying ? 'pause' : 'play')}${isPlaying ? gettext('Pause') : gettext('Play it for me')}
    </button>`;
  }

  #tab(side) {
    const show = () => {
      this.#shown = side;
      this.#draw();
    };
    const isShown = side === this.#shown;
    return html`<button type="button" class="filter" aria-pressed=${isShown} @click=${show}>${role(side)}</button>`;
  }

  #pane(side, conversation) {
    const user = this.#users[side];
    const isNext = side === conversation?.awaiting_role;
    const classes = ['pane', side === this.#shown && 'shown', isNext && 'next'].filter(Boolean).join(' ');
    const label = filled(gettext('%(name)s’s side'), { name: isolated(user.name) });
    return html`<section class=${classes} data-side=${side} aria-label=${label}>
      <header class="pane-header">
        ${avatar(user)}
        <h2><bdi>${user.name}</bdi></h2>
        <span>${role(user.role)}</span>
        <strong class="pane-awaited" ?hidden=${!isNext}>${gettext('has the next move')}</strong>
      </header>
      ${this.#views[side].element}
    </section>`;
  }
}

function ending(conversation, deal) {
  const { id } = conversation;
  const isApproved = conversation.chat_status !== 'closed';
  return html`${icon(isApproved ? 'circle-check' : 'circle-x')}
    <p>${endingText(isApproved, deal)}</p>
    <button type="button" class="button" @click=${startOver}>${gettext('Play another one')}</button>
    <a class="button secondary" href="/chat/${id}">${gettext('Open it in the chat')}</a>
    <a class="button secondary" href="/developers">${gettext('Use the API')}</a>`;
}

function endingText(isApproved, deal) {
  if (!isApproved && !Number(deal?.paid_amount)) return gettext('This deal ended without an agreement.');
  if (!isApproved) return gettext('This deal ended, and the payment went back.');
  return filled(gettext('Agreed at %(price)s, paid, delivered and approved. The chat stays open.'), {
    price: price(deal.agreed_price, deal.currency),
  });
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
  draw(root, notice(inWords(fault)));
}
