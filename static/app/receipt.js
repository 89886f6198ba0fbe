/** The receipt page: what was paid and refunded in a conversation. */

import { Refused, SignedOut } from 'stoory-client';

import { saveFile } from './download.js';
import { inWords } from './faults.js';
import { fully, price } from './format.js';
import { draw, html, icon, nothing, notice, onceAtATime } from './html.js';
import { gettext } from './i18n.js';
import { siteSession, toSignIn } from './session.js';

class ReceiptPage {
  #session;
  #root;
  #chat;
  #address;
  #receipt = null;
  #fault = null;
  #downloadFault = '';

  constructor(session, root) {
    this.#session = session;
    this.#root = root;
    const id = location.pathname.split('/')[2];
    [this.#chat, this.#address] = [`/chat/${id}`, `/api/conversations/${id}/receipt`];
    void this.#load();
  }

  async #load() {
    this.#fault = null;
    this.#draw();
    try {
      ({ receipt: this.#receipt } = await this.#session.get(this.#address));
    } catch (fault) {
      if (fault instanceof SignedOut) toSignIn();
      else this.#fault = fault;
    }
    this.#draw();
  }

  async #download() {
    this.#downloadFault = '';
    this.#draw();
    try {
      saveFile(await this.#session.file(this.#address), `receipt-${this.#receipt.conversation_id}.pdf`);
    } catch (fault) {
      if (fault instanceof SignedOut) toSignIn();
      else this.#downloadFault = inWords(fault);
    }
    this.#draw();
  }

  #draw() {
    const back = html`<a class="button secondary" href=${this.#chat}>
      ${icon('arrow-left')}${gettext('Back to the conversation')}
    </a>`;
    draw(this.#root, html`<div class="receipt-page">${this.#content} ${this.#buttons(back)}</div>`);
  }

  get #content() {
    if (this.#receipt) return written(this.#receipt);
    if (!this.#fault) return html`<p class="card" role="status">${gettext('The receipt is loading.')}</p>`;
    return html`<div class="card" role="alert">
      <h1>${this.#isMissing ? gettext('There is no receipt') : gettext('The receipt cannot be shown')}</h1>
      <p>${inWords(this.#fault)}</p>
    </div>`;
  }

  get #isMissing() {
    return this.#fault instanceof Refused && this.#fault.status === 404;
  }

  #buttons(back) {
    const download = ({ currentTarget }) => void onceAtATime(currentTarget, () => this.#download());
    const ready = html`<button type="button" class="button" @click=${download}>
        ${icon('arrow-down')}${gettext('Download PDF')}
      </button>
      <button type="button" class="button secondary" @click=${() => print()}>${gettext('Print')}</button>`;
    const again = html`<button type="button" class="button" @click=${() => void this.#load()}>
      ${icon('refresh-cw')}${gettext('Try again')}
    </button>`;
    const canRetry = this.#fault && !this.#isMissing;
    return html`${notice(this.#downloadFault)}
      <p class="buttons">${this.#receipt ? ready : nothing} ${canRetry ? again : nothing} ${back}</p>`;
  }
}

function written(receipt) {
  const { brand_owner: brand, influencer, currency } = receipt;
  const facts = [
    [gettext('Deal'), receipt.title || receipt.conversation_id],
    [gettext('Brand owner'), brand?.name],
    [gettext('Influencer'), influencer?.name],
    [gettext('Issued'), fully(receipt.issued_at)],
  ];
  const sums = [
    [gettext('Paid in total'), receipt.paid_amount],
    [gettext('Refunded in total'), receipt.refunded_amount],
    ...(receipt.orders.some((one) => one.refunds.some(isDispute))
      ? [[gettext('Taken back by disputes'), receipt.disputed_amount]]
      : []),
    [gettext('Remaining'), receipt.remaining_amount],
  ];
  const sum = ([label, amount]) =>
    html`<div>
      <dt>${label}</dt>
      <dd>${price(amount, currency)}</dd>
    </div>`;
  return html`<article class="card receipt" aria-labelledby="receipt-title">
    <header>
      <h1 id="receipt-title">${gettext('Receipt')}</h1>
      <p>${gettext('This receipt is not an invoice.')}</p>
    </header>
    ${list(facts)} ${receipt.orders.map((one) => order(one, currency))}
    <dl class="sums">${sums.map(sum)}</dl>
  </article>`;
}

const isDispute = ({ cause }) => cause === 'dispute';

function list(facts) {
  const fact = ([label, value]) =>
    html`<div>
      <dt>${label}</dt>
      <dd><bdi>${value}</bdi></dd>
    </div>`;
  return html`<dl>${facts.filter(([, value]) => value).map(fact)}</dl>`;
}

function order({ order_id: id, provider, reference, amount, paid_at: at, refunds }, currency) {
  const facts = [
    [gettext('Order'), id],
    [gettext('Provider'), reference && reference !== id ? `${provider} · ${reference}` : provider],
  ];
  const line = (label, when, money) =>
    html`<tr>
      <th scope="row">${label}</th>
      <td><time datetime=${when}>${fully(when)}</time></td>
      <td>${price(money, currency)}</td>
    </tr>`;
  const back = (one) => line(isDispute(one) ? gettext('Disputed') : gettext('Refunded'), one.refunded_at, one.amount);
  return html`<section>
    ${list(facts)}
    <table>
      <tbody>
        ${line(gettext('Paid'), at, amount)} ${refunds.map(back)}
      </tbody>
    </table>
  </section>`;
}

const session = siteSession();
if (session.user) new ReceiptPage(session, document.getElementById('receipt'));
else toSignIn();
