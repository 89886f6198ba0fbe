import { Refused } from 'stoory-client';

import { actionForm } from './action-form.js';
import { deadline } from './deadline.js';
import { fill, h, icon, onceAtATime } from './dom.js';
import { inWords } from './faults.js';
import { filled, gettext } from './i18n.js';
import { payFor } from './payment.js';

/** What is asked of whom right now: buttons and inputs for the awaited side, whom one waits for on the other. */
export class ActionPanel {
  #client;
  #conversation;
  #shown = '';
  element = h('div', { class: 'action-panel', role: 'group', tabindex: -1, 'aria-label': gettext('Next step') });

  constructor(client, conversation) {
    this.#client = client;
    this.#conversation = conversation;
  }

  /** Redrawn when the conversation has moved on only, so that nobody loses what is being typed. */
  show({ phase, conversation }) {
    const asked = phase === 'ready' ? this.#asked(conversation) : [];
    const shown = JSON.stringify([
      phase,
      conversation?.state_version,
      conversation?.due_at,
      asked.map((one) => one.action),
    ]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const hadFocus = this.element.contains(document.activeElement);
    fill(this.element, phase === 'ready' ? this.#content(conversation, asked) : null);
    this.element.hidden = !this.element.childElementCount;
    if (hadFocus) (this.element.querySelector('button, input, textarea') ?? this.element).focus();
  }

  /** What answers the prompt; whatever else may be done is in the menu. */
  #asked(conversation) {
    return conversation.awaiting_role === conversation.my_role ? conversation.available_actions : [];
  }

  #content(conversation, asked) {
    const prompt = conversation.current_action_data;
    if (conversation.chat_status === 'closed') return line('lock', gettext('This conversation is closed.'));
    if (!conversation.awaiting_role || !prompt) return null;
    if (conversation.awaiting_role !== conversation.my_role) {
      const name = conversation[conversation.awaiting_role]?.name ?? '';
      return line(
        'hourglass',
        filled(gettext('Waiting for %(name)s: %(prompt)s'), { name, prompt: prompt.title }),
        deadline(conversation.due_at),
      );
    }
    this.body = h('div', { class: 'action-panel-body' });
    this.#buttons(conversation, asked);
    return [
      h('header', {}, h('p', { class: 'action-panel-label' }, gettext('Your turn')), deadline(conversation.due_at)),
      h('h3', {}, prompt.title),
      h('p', { class: 'action-panel-subtitle' }, prompt.subtitle),
      this.body,
    ];
  }

  #buttons(conversation, asked) {
    if (asked.length === 1 && asked[0].inputs.length) {
      fill(this.body, this.#form(asked[0], conversation));
      return;
    }
    fill(
      this.body,
      h(
        'p',
        { class: 'buttons' },
        asked.map((action) => this.#button(action, conversation, asked)),
      ),
    );
  }

  #button(action, conversation, asked) {
    const needsMore = action.style === 'danger' || action.inputs.some((input) => input.required);
    const onclick = async ({ currentTarget }) => {
      if (needsMore) {
        fill(
          this.body,
          this.#form(action, conversation, () => this.#back(conversation, asked, action)),
        );
        this.body.querySelector('.input, button')?.focus();
        return;
      }
      await onceAtATime(currentTarget, () => this.act(action).catch((fault) => this.#complain(fault)));
    };
    return h(
      'button',
      { type: 'button', class: `button ${action.style}`, 'data-action': action.action, onclick },
      action.label,
    );
  }

  #back(conversation, asked, action) {
    this.#buttons(conversation, asked);
    this.body.querySelector(`[data-action="${action.action}"]`)?.focus();
  }

  #form(action, { currency }, onBack) {
    return actionForm(action, { currency, client: this.#client, submit: (data) => this.act(action, data), onBack });
  }

  /** Take an action; one that is to be paid for goes on to the payment. */
  async act(action, data) {
    const answer = await this.#conversation.act(action, data);
    if (answer.payment) await payFor(answer.payment, this.#client);
  }

  #complain(fault) {
    const isOutdated = fault instanceof Refused && fault.status === 409;
    const words = isOutdated ? gettext('The conversation has moved on; this is how it stands now.') : inWords(fault);
    this.body.prepend(h('p', { class: 'notice', role: 'alert' }, words));
  }
}

function line(symbol, words, ...more) {
  return h('p', { class: 'action-panel-line' }, icon(symbol), h('span', {}, words), ...more);
}
