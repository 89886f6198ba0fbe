import { h, onceAtATime, uniqueId } from './dom.js';
import { inWords } from './faults.js';
import { kind } from './format.js';
import { gettext } from './i18n.js';

function field(label, control) {
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control);
}

function select(name, options) {
  return h(
    'select',
    { class: 'input', id: uniqueId(name), name },
    options.map(([value, words]) => h('option', { value }, words)),
  );
}

function textInput(name, properties = {}) {
  return h('input', { class: 'input', id: uniqueId(name), name, autocomplete: 'off', ...properties });
}

/**
 * The form that opens a conversation with whom the field `person` names; `close(id)` is called with the one that was
 * opened or found.
 */
export function openingForm(client, person, close) {
  const { user } = client.session;
  const types = user.role === 'brand_owner' ? ['direct', 'bid', 'campaign'] : ['direct'];
  const type = select(
    'conversation_type',
    types.map((one) => [one, kind(one)]),
  );
  const titleField = field(gettext('What it is about'), textInput('title', { maxlength: 200 }));
  const text = h('textarea', { class: 'input', id: uniqueId('message'), name: 'message', rows: 3 });
  const fault = h('p', { class: 'notice', role: 'alert', hidden: true });
  const start = h('button', { type: 'submit', class: 'button' }, gettext('Start'));
  const form = h(
    'form',
    { class: 'action-form', novalidate: true },
    fault,
    person.element,
    types.length > 1 && field(gettext('Kind'), type),
    titleField,
    field(gettext('First message'), text),
    h('p', { class: 'buttons' }, start),
  );
  const showTitle = () => (titleField.hidden = type.value === 'direct');
  type.addEventListener('change', showTitle);
  showTitle();

  const open = async () => {
    try {
      close(await opened(client, given(form, person.value, type.value)));
    } catch (refusal) {
      fault.textContent = inWords(refusal);
      fault.hidden = false;
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    fault.hidden = true;
    if (!person.value) person.complain();
    else void onceAtATime(start, open);
  });
  return form;
}

/**
 * The id of the conversation. A direct one may have been there before, and then takes no first message: what is written
 * is sent in it, new or not.
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
