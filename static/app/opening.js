import { draw, html, made, nothing, notice, onceAtATime, uniqueId } from './html.js';
import { inWords } from './faults.js';
import { kind } from './format.js';
import { gettext } from './i18n.js';

/**
 * Return the form that opens a conversation with the person of the field `person`. `close(id)` is called with the id of
 * the new or existing conversation.
 */
export function openingForm(client, person, close) {
  const types = client.session.user.role === 'brand_owner' ? ['direct', 'bid', 'campaign'] : ['direct'];
  const [typeId, titleId, messageId] = ['conversation_type', 'title', 'message'].map(uniqueId);
  let [type, fault] = [types[0], ''];
  const form = made(html`<form class="action-form" novalidate @submit=${submitted}></form>`);
  redraw();
  return form;

  function redraw() {
    draw(
      form,
      html`${notice(fault)} ${person.element} ${types.length > 1 ? kinds() : nothing}
        <div class="field" ?hidden=${type === 'direct'}>
          <label for=${titleId}>${gettext('What it is about')}</label>
          <input class="input" id=${titleId} name="title" autocomplete="off" maxlength="200" />
        </div>
        <div class="field">
          <label for=${messageId}>${gettext('First message')}</label>
          <textarea class="input" id=${messageId} name="message" rows="3"></textarea>
        </div>
        <p class="buttons"><button type="submit" class="button">${gettext('Start')}</button></p>`,
    );
  }

  function kinds() {
    const choose = ({ currentTarget }) => {
      type = currentTarget.value;
      redraw();
    };
    return html`<div class="field">
      <label for=${typeId}>${gettext('Kind')}</label>
      <select class="input" id=${typeId} name="conversation_type" @change=${choose}>
        ${types.map((one) => html`<option value=${one}>${kind(one)}</option>`)}
      </select>
    </div>`;
  }

  function submitted(event) {
    event.preventDefault();
    fault = '';
    redraw();
    if (!person.value) person.complain();
    else void onceAtATime(form.querySelector('[type=submit]'), open);
  }

  async function open() {
    try {
      close(await opened(client, given(form, person.value, type)));
    } catch (refusal) {
      fault = inWords(refusal);
      redraw();
    }
  }
}

/**
 * Open the conversation and return its id. The message of a direct conversation is sent separately: if the conversation
 * exists already, opening it adds no first message.
 */
async function opened(client, { message, ...fields }) {
  const isDirect = fields.conversation_type === 'direct';
  const { id } = await client.openConversation(isDirect ? fields : { ...fields, message });
  if (isDirect && message) client.conversation(id).send(message);
  return id;
}

function given(form, userId, type) {
  const { title, message } = Object.fromEntries(new FormData(form));
  const fields = { conversation_type: type, user_id: userId, message: message.trim() };
  if (type !== 'direct') fields.title = title.trim();
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
}
