import { h, uniqueId } from './dom.js';
import { inWords } from './faults.js';
import { kind } from './format.js';
import { gettext } from './i18n.js';

/** People one already has a conversation with, each once. */
async function acquaintances(client) {
  const { results } = await client.session.get('/api/conversations', { limit: 100 });
  return [
    ...new Map(results.filter((one) => one.other_user).map(({ other_user: other }) => [other.id, other])).values(),
  ];
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

/** The form that opens a conversation; `close(id)` is called with the one that was opened or found. */
export function openingForm(client, user, close) {
  const types = user.role === 'brand_owner' ? ['direct', 'bid', 'campaign'] : ['direct'];
  const people = h('datalist', { id: uniqueId('people') });
  const person = h('input', {
    class: 'input',
    id: uniqueId('person'),
    name: 'user_id',
    required: true,
    list: people.id,
    autocomplete: 'off',
  });
  const type = h(
    'select',
    { class: 'input', id: uniqueId('type'), name: 'conversation_type' },
    types.map((one) => h('option', { value: one }, kind(one))),
  );
  const title = h('input', {
    class: 'input',
    id: uniqueId('title'),
    name: 'title',
    maxlength: 200,
    autocomplete: 'off',
  });
  const text = h('textarea', { class: 'input', id: uniqueId('text'), name: 'message', rows: 3 });
  const fault = h('p', { class: 'notice', role: 'alert', hidden: true });
  const titleField = field(gettext('What it is about'), title);
  titleField.hidden = true;
  type.addEventListener('change', () => (titleField.hidden = type.value === 'direct'));
  void acquaintances(client).then((known) =>
    people.append(...known.map((one) => h('option', { value: one.id }, one.name))),
  );

  const form = h(
    'form',
    { class: 'action-form' },
    fault,
    field(gettext('With whom'), person, gettext('A person’s id; people you know are suggested by name.')),
    people,
    field(gettext('Kind'), type),
    titleField,
    field(gettext('First message'), text),
    h('p', { class: 'hint' }, gettext('Your own id, for others: '), h('code', {}, user.id)),
    h('p', { class: 'buttons' }, h('button', { type: 'submit', class: 'button' }, gettext('Start'))),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const given = Object.entries(Object.fromEntries(new FormData(form))).filter(([, value]) => value.trim());
    try {
      close((await client.openConversation(Object.fromEntries(given))).id);
    } catch (refusal) {
      fault.textContent = inWords(refusal);
      fault.hidden = false;
    }
  });
  return form;
}
