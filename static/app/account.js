import { dialog } from './dialog.js';
import { h, uniqueId } from './dom.js';
import { inWords } from './faults.js';
import { role } from './format.js';
import { gettext } from './i18n.js';
import { avatar } from './people.js';

/** Who is signed in, as a button that opens their account. */
export function accountButton(client) {
  const { user } = client.session;
  const open = () => void dialog(gettext('Your account'), () => account(client));
  return h(
    'button',
    { type: 'button', class: 'account', title: gettext('Your account'), 'aria-haspopup': 'dialog', onclick: open },
    avatar(user),
    h('span', { dir: 'auto' }, user.name),
  );
}

function account(client) {
  const { user } = client.session;
  return h(
    'div',
    { class: 'account-form' },
    h('p', {}, h('strong', { dir: 'auto' }, user.name), h('span', {}, user.email), h('span', {}, role(user.role))),
    findableField(client),
  );
}

/** Whether others find this person; stored as soon as it is changed. */
function findableField(client) {
  const [id, hint] = [uniqueId('findable'), uniqueId('hint')];
  const said = h('p', { class: 'hint', role: 'status' });
  const fault = h('p', { class: 'notice', role: 'alert', hidden: true });
  const isFindable = () => client.session.user?.findable !== false;
  const box = h('input', {
    type: 'checkbox',
    id,
    checked: isFindable(),
    'aria-describedby': hint,
    onchange: () => (last = last.then(store)),
  });
  const store = async () => {
    fault.hidden = true;
    said.textContent = '';
    try {
      await client.updateAccount({ findable: box.checked });
      said.textContent = gettext('Saved.');
    } catch (refusal) {
      box.checked = isFindable();
      fault.textContent = inWords(refusal);
      fault.hidden = false;
    }
  };
  // One after the other: the last change is the one that stays.
  let last = Promise.resolve();
  return h(
    'div',
    { class: 'field' },
    h('label', { class: 'check', for: id }, box, gettext('Others can find me')),
    h('p', { class: 'hint', id: hint }, gettext('By my name or my whole e-mail address, to begin a conversation.')),
    said,
    fault,
  );
}
