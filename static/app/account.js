import { dialog } from './dialog.js';
import { html, notice, uniqueId } from './html.js';
import { inWords } from './faults.js';
import { role } from './format.js';
import { gettext } from './i18n.js';
import { avatar } from './people.js';

/** Return a button with the name of the signed-in user. It opens the account dialog. */
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
    ${avatar(user)}<bdi>${user.name}</bdi>
  </button>`;
}

function account(client) {
  const { user } = client.session;
  const findable = findableField(client);
  return (_, redraw) =>
    html`<div class="account-form">
      <p>
        <strong><bdi>${user.name}</bdi></strong
        ><span>${user.email}</span><span>${role(user.role)}</span>
      </p>
      ${findable(redraw)}
    </div>`;
}

/** Return a function that draws the checkbox `findable`. A change is stored at once. */
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
  // Changes are stored one after the other, so that the last change wins.
  let last = Promise.resolve();
  return (redraw) => {
    const onchange = ({ currentTarget }) => (last = last.then(() => store(currentTarget, redraw)));
    return html`<div class="field">
      <label class="check" for=${id}>
        <input type="checkbox" id=${id} ?checked=${isFindable()} aria-describedby=${hint} @change=${onchange} />
        ${gettext('Others can find me')}
      </label>
      <p class="hint" id=${hint}>${gettext('By my name or my complete e-mail address, to start a conversation.')}</p>
      <p class="hint" role="status">${said}</p>
      ${notice(fault)}
    </div>`;
  };
}
