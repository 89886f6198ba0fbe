import { h, onceAtATime, uniqueId } from './dom.js';
import { inWords } from './faults.js';
import { kind, role } from './format.js';
import { gettext } from './i18n.js';

/** People one already has a conversation with, each once; none where they cannot be read right now. */
export async function acquaintances(client) {
  const { results } = await client.session.get('/api/conversations', { limit: 100 }).catch(() => ({ results: [] }));
  const others = results.map((one) => one.other_user).filter(Boolean);
  return [...new Map(others.map((other) => [other.id, other])).values()];
}

function field(label, control, hint) {
  return h(
    'div',
    { class: 'field' },
    h('label', { for: control.id }, label),
    control,
    hint && h('p', { class: 'hint' }, hint),
  );
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

/** The fields for the other person: one of those who are known, or anybody by id. */
function personFields(known) {
  const id = textInput('id', { required: true, spellcheck: 'false' });
  const hint = gettext('Everybody finds their own id below this form.');
  if (!known.length) return [field(gettext('With whom (their id)'), id, hint)];
  const people = known.map((one) => [one.id, `${one.name}, ${role(one.role)}`]);
  const choice = select('known', [...people, ['', gettext('Somebody else …')]]);
  const idField = field(gettext('Their id'), id, hint);
  const show = () => {
    idField.hidden = id.disabled = choice.value !== '';
  };
  choice.addEventListener('change', show);
  show();
  return [field(gettext('With whom'), choice), idField];
}

/**
 * The form that opens a conversation with one of the people who are `known`, or with somebody else; `close(id)` is
 * called with the one that was opened or found.
 */
export function openingForm(client, known, close) {
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
    { class: 'action-form' },
    fault,
    personFields(known),
    types.length > 1 && field(gettext('Kind'), type),
    titleField,
    field(gettext('First message'), text),
    h('p', { class: 'buttons' }, start),
    h('p', { class: 'hint' }, gettext('Your own id, for others: '), h('code', {}, user.id)),
  );
  const showTitle = () => (titleField.hidden = type.value === 'direct');
  type.addEventListener('change', showTitle);
  showTitle();

  const open = async () => {
    try {
      close((await client.openConversation(given(form, type.value))).id);
    } catch (refusal) {
      fault.textContent = inWords(refusal);
      fault.hidden = false;
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void onceAtATime(start, open);
  });
  return form;
}

function given(form, type) {
  const { known, id, title, message } = Object.fromEntries(new FormData(form));
  const fields = { conversation_type: type, user_id: (known || id).trim(), message: message.trim() };
  if (type !== 'direct') fields.title = title.trim();
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
}
