import { dialog } from './dialog.js';
import { html, notice, uniqueId } from './html.js';
import { inWords } from './faults.js';
import { role } from './format.js';
import { gettext } from './i18n.js';
import { avatar } from './people.js';

/** Who is signed in, as a button that opens their account. */
export function accountButton(client) {
  const { user } = client.session;
  const open = () => void dialog(gettext('Your account'), account(client));
  return html`<button
    type="button"
    class="account"
    title=${gettext('Your account')}
    aria-haspopup="dialog"
    @click=${open}
  >
    ${avatar(user)}<span dir="auto">${user.name}</span>
  </button>`;
}

function account(client) {
  const { user } = client.session;
  const findable = findableField(client);
  return (_, redraw) =>
    html`<div class="account-form">
      <p><strong dir="auto">${user.name}</strong><span>${user.email}</span><span>${role(user.role)}</span></p>
      ${findable(redraw)}
    </div>`;
}

/** Whether others find this person; stored as soon as it is changed. */
function findableField(client) {
  const [id, hint] = [uniqueId('findable'), uniqueId('hint')];
  let [said, fault] = ['', ''];
  const isFindable = () => client.session.user?.findable !== false;
  const store = async (box, redraw) => {
    [said, fault] = ['', ''];
    redraw();
    try {
      await client.updateAccount({ findable: box.checked });
      said = gettext('Saved.');
    } catch (refusal) {
      box.checked = isFindable();
      fault = inWords(refusal);
    }
    redraw();
  };
  // One after the other: the last change is the one that stays.
  let last = Promise.resolve();
  return (redraw) => {
    const onchange = ({ currentTarget }) => (last = last.then(() => store(currentTarget, redraw)));
    return html`<div class="field">
      <label class="check" for=${id}>
        <input type="checkbox" id=${id} ?checked=${isFindable()} aria-describedby=${hint} @change=${onchange} />
        ${gettext('Others can find me')}
      </label>
      <p class="hint" id=${hint}>${gettext('By my name or my whole e-mail address, to begin a conversation.')}</p>
      <p class="hint" role="status">${said}</p>
      ${notice(fault)}
    </div>`;
  };
}
