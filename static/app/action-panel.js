import { Refused } from 'stoory-client';

import { actionForm } from './action-form.js';
import { deadline } from './deadline.js';
import { dialog } from './dialog.js';
import { draw, html, icon, made, nothing, notice, onceAtATime, repeat } from './html.js';
import { inWords } from './faults.js';
import { filled, gettext, isolated } from './i18n.js';
import { payFor } from './payment.js';

/** The most inputs of a form that is shown in the panel; longer forms have a dialog. */
const FEW = 2;

/** The current prompt: buttons and inputs for the awaited role; for the other role, the awaited name. */
export class ActionPanel {
  #client;
  #conversation;
  #step = '';
  #form = null;
  #longForms = new Map();
  #closeDialog = () => {};
  #fault = '';
  element = made(html`<div class="action-panel" role="group" tabindex="-1" aria-label=${gettext('Next step')}></div>`);

  constructor(client, conversation) {
    this.#client = client;
    this.#conversation = conversation;
  }

  show({ phase, conversation }) {
    const hadFocus = this.element.contains(document.activeElement);
    const content = phase === 'ready' ? this.#content(conversation) : nothing;
    draw(this.element, content);
    this.element.hidden = content === nothing;
    if (hadFocus && !this.element.contains(document.activeElement)) this.#focus('button, input, textarea');
  }

  #focus(selector) {
    (this.element.querySelector(selector) ?? this.element).focus();
  }

  #content(conversation) {
    const { awaiting_role: awaited, current_action_data: prompt, due_at: due } = conversation;
    if (conversation.chat_status === 'closed') return line('lock', gettext('This conversation is closed.'));
    if (!awaited || !prompt) return stopped(conversation);
    if (awaited !== conversation.my_role) {
      const name = conversation[awaited]?.name ?? '';
      const words = filled(gettext('Waiting for %(name)s: %(prompt)s'), { name: isolated(name), prompt: prompt.title });
      this.#begin(conversation);
      return html`${line('hourglass', words, deadline(due))}${this.#withdrawals(conversation)}`;
    }
    this.#begin(conversation);
    return html`<header>
        <p class="action-panel-label">${gettext('Your turn')}</p>
        ${deadline(due)}
      </header>
      <h3>${prompt.title}</h3>
      <p class="action-panel-subtitle">${prompt.subtitle}</p>
      <div class="action-panel-body">${notice(this.#fault)} ${this.#form ?? this.#buttons(conversation)}</div>`;
  }

  /** Keep the form and the error until the state changes, so that the user does not lose typed text. */
  #begin(conversation) {
    const { available_actions: asked, state_version: version } = conversation;
    const step = [version, ...asked.map((one) => one.action)].join();
    if (step === this.#step) return;
    const isForm = asked.length === 1 && asked[0].inputs.length && !isLong(asked[0]);
    [this.#step, this.#fault] = [step, ''];
    this.#longForms.clear();
    this.#closeDialog();
    this.#form = isForm ? this.#formOf(asked[0], conversation) : null;
  }

  /** Return what the user who waits for an answer can take back. */
  #withdrawals(conversation) {
    if (!conversation.available_actions.length) return nothing;
    const body = this.#form ?? this.#buttons(conversation);
    return html`<div class="action-panel-body">${notice(this.#fault)} ${body}</div>`;
  }

  #buttons(conversation) {
    const one = (action) =>
      html`<button
        type="button"
        class="button ${action.style}"
        data-action=${action.action}
        @click=${({ currentTarget }) => this.#pressed(action, currentTarget, conversation)}
      >
        ${action.label}
      </button>`;
    return html`<p class="buttons">${repeat(conversation.available_actions, ({ action }) => action, one)}</p>`;
  }

  async #pressed(action, button, conversation) {
    if (isLong(action)) await this.#openForm(action, conversation);
    else if (action.style === 'danger' || action.inputs.some((input) => input.required)) {
      this.#form = this.#formOf(action, conversation, () => this.#back(action));
      this.#redraw();
      this.#focus('.input, form button');
    } else await onceAtATime(button, () => this.#actAtOnce(action));
  }

  /** Open the dialog with a long form. The form stays until the state changes, so that no typed text is lost. */
  async #openForm(action, conversation) {
    const { action: name, label } = action;
    if (!this.#longForms.has(name)) {
      this.#longForms.set(
        name,
        this.#formOf(action, conversation, () => this.#closeDialog()),
      );
    }
    await dialog(label, (close) => {
      this.#closeDialog = close;
      return html`${this.#longForms.get(name)}`;
    });
    this.#closeDialog = () => {};
  }

  #back({ action }) {
    this.#form = null;
    this.#redraw();
    this.#focus(`[data-action="${action}"]`);
  }

  #formOf(action, { currency }, onBack) {
    return actionForm(action, { currency, client: this.#client, submit: (data) => this.act(action, data), onBack });
  }

  /** Take an action. If it returns a payment, open the payment dialog. */
  async act(action, data) {
    const answer = await this.#conversation.act(action, data);
    if (answer.payment) await payFor(answer.payment, this.#client);
  }

  async #actAtOnce(action) {
    this.#fault = '';
    this.#redraw();
    await this.act(action).catch((fault) => this.#complain(fault));
  }

  #complain(fault) {
    const isOutdated = fault instanceof Refused && fault.status === 409;
    this.#fault = isOutdated ? gettext('The conversation has changed. This is its current state.') : inWords(fault);
    this.#redraw();
  }

  #redraw() {
    this.show(this.#conversation.getSnapshot());
  }
}

/** Say why a deal does not go on now. Both sides can write meanwhile. While it leads and awaits nobody, the deal is
 * interrupted, for example by a dispute; the last message of the system says why. */
function stopped({ automation_enabled: leads, awaiting_role: awaited }) {
  if (leads && !awaited) return line('hourglass', gettext('The deal is on hold. You can go on writing.'));
  return awaited ? line('hourglass', gettext('An operator has paused the deal. You can go on writing.')) : nothing;
}

function line(symbol, words, more = nothing) {
  return html`<p class="action-panel-line">${icon(symbol)}<span>${words}</span>${more}</p>`;
}

function isLong({ inputs }) {
  return inputs.length > FEW;
}
