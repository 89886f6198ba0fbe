import { byId, draw, html, made, nothing, repeat, uniqueId } from './html.js';
import { inWords } from './faults.js';
import { role } from './format.js';
import { filled, gettext, ngettext } from './i18n.js';
import { avatar } from './people.js';
import { PeopleSearch } from './people-search.js';

const MORE = { id: 'more' };
const LONGEST = 100;

/** A field for choosing one person: a combobox with a list of the people who match the typed text. */
export class PersonField {
  #search;
  #ids = Object.fromEntries(['person', 'people', 'hint', 'fault', 'chosen'].map((stem) => [stem, uniqueId(stem)]));
  #active = null;
  #chosen = null;
  #isOpen = false;
  #fault = '';
  element = made(html`<div class="field"></div>`);

  constructor(client) {
    this.#search = new PeopleSearch(client);
    this.#search.subscribe(() => this.#show());
    this.#show();
  }

  /** The id of the chosen person, or `''`. */
  get value() {
    return this.#chosen?.id ?? '';
  }

  dispose() {
    this.#search.dispose();
  }

  /** Show the error that no person is chosen, and focus the field. */
  complain() {
    this.#fault = gettext('Choose the person whom you want to write to.');
    this.#show();
    this.#input.focus();
  }

  get #input() {
    return this.element.querySelector('input');
  }

  /** The people in the list, and the option that loads more of them. */
  get #options() {
    const { people, hasMore } = this.#search.getSnapshot();
    return hasMore ? [...people, MORE] : people;
  }

  get #isListShown() {
    return this.#isOpen && this.#options.length > 0;
  }

  #typed() {
    this.#fault = '';
    this.#active = null;
    this.#isOpen = true;
    this.#search.show(this.#input.value);
    this.#show();
  }

  #open() {
    this.#isOpen = true;
    this.#show();
  }

  #close() {
    this.#isOpen = false;
    this.#active = null;
    this.#show();
  }

  #again() {
    this.#input.focus();
    this.#search.retry();
  }

  #pressed(event) {
    if (event.isComposing) return;
    const isShown = this.#isListShown;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.#step(steps[event.key]);
    else if (event.key === 'Home' && this.#active) this.#activate(this.#options[0]);
    else if (event.key === 'End' && this.#active) this.#activate(this.#options.at(-1));
    else if (event.key === 'Enter' && isShown) this.#enter();
    else if (event.key === 'Escape' && isShown) this.#close();
    else {
      if (event.key === 'Tab') this.#close();
      return;
    }
    event.preventDefault();
  }

  #step(by) {
    this.#open();
    const { length } = this.#options;
    if (!length) return;
    const place = this.#options.findIndex(({ id }) => id === this.#active);
    const from = place < 0 && by < 0 ? length : place;
    this.#activate(this.#options[(from + by + length) % length]);
  }

  #activate({ id }) {
    this.#active = id;
    this.#show();
    document.getElementById(this.#idOf(id)).scrollIntoView({ block: 'nearest' });
  }

  /** Choose the active option, or the only person in the list. Enter never submits an incomplete form. */
  #enter() {
    const options = this.#options;
    const marked = options.find(({ id }) => id === this.#active);
    if (marked) this.#take(marked);
    else if (options.length === 1 && this.#search.getSnapshot().phase !== 'searching') this.#take(options[0]);
    else this.#activate(options[0]);
  }

  #take(option) {
    if (option === MORE) {
      // The last person stays active, and the next page is added below.
      this.#active = this.#options.at(-2)?.id ?? null;
      this.#search.loadMore();
      this.#show();
      return;
    }
    this.#fault = '';
    this.#chosen = option;
    this.#close();
    this.element.querySelector('.chosen button').focus();
  }

  #change() {
    this.#chosen = null;
    this.#show();
    this.#input.focus();
    this.#input.select();
  }

  #idOf(id) {
    return `${this.#ids.people}-${id}`;
  }

  #show() {
    const ids = this.#ids;
    if (!this.#options.some(({ id }) => id === this.#active)) this.#active = null;
    draw(
      this.element,
      html`<label for=${ids.person}>${gettext('With whom')}</label>
        <div class="person-search" ?hidden=${this.#chosen}>${this.#combobox()} ${this.#found()}</div>
        <div class="chosen" ?hidden=${!this.#chosen}>${this.#chosen ? this.#choice() : nothing}</div>`,
    );
  }

  #combobox() {
    const ids = this.#ids;
    return html`<input
        class="input"
        id=${ids.person}
        type="text"
        role="combobox"
        autocomplete="off"
        autofocus
        spellcheck="false"
        maxlength=${LONGEST}
        aria-autocomplete="list"
        aria-expanded=${this.#isListShown}
        aria-controls=${ids.people}
        aria-activedescendant=${this.#isListShown && this.#active ? this.#idOf(this.#active) : nothing}
        aria-describedby="${ids.fault} ${ids.hint}"
        aria-required="true"
        aria-invalid=${this.#fault ? 'true' : nothing}
        @input=${() => this.#typed()}
        @focus=${() => this.#open()}
        @click=${() => this.#open()}
        @keydown=${(event) => this.#pressed(event)}
      />
      <p class="fault" id=${ids.fault} ?hidden=${!this.#fault}>${this.#fault}</p>
      <p class="hint" id=${ids.hint}>${gettext('The beginning of a name, or a complete e-mail address.')}</p>`;
  }

  #found() {
    const state = this.#search.getSnapshot();
    const one = (option) => this.#option(option, state.known.has(option.id));
    // The focus stays in the input while an option is clicked.
    return html`<ul
        class="people"
        id=${this.#ids.people}
        role="listbox"
        aria-label=${gettext('People')}
        ?hidden=${!this.#isListShown}
        @mousedown=${(event) => event.preventDefault()}
      >
        ${repeat(this.#options, byId, one)}
      </ul>
      <p class="hint" role="status">${inWordsOf(state)}</p>
      <button type="button" class="button secondary" ?hidden=${state.phase !== 'failed'} @click=${() => this.#again()}>
        ${gettext('Try again')}
      </button>`;
  }

  #option(option, isKnown) {
    const { id } = option;
    return html`<li
      class="option"
      id=${this.#idOf(id)}
      role="option"
      aria-selected=${id === this.#active}
      @click=${() => this.#take(option)}
    >
      ${option === MORE ? gettext('Show more') : described(option, part(option, isKnown))}
    </li>`;
  }

  #choice() {
    // Screen readers announce the choice when the focus moves to the button.
    const id = this.#ids.chosen;
    return html`${described(this.#chosen, role(this.#chosen.role), id)}
      <button type="button" class="button secondary" aria-describedby=${id} @click=${() => this.#change()}>
        ${gettext('Change')}
      </button>`;
  }
}

function part({ role: name }, isKnown) {
  return isKnown ? filled(gettext('%(role)s, in your conversations'), { role: role(name) }) : role(name);
}

function described(person, words, id = nothing) {
  return html`<span class="person" id=${id}>
    ${avatar(person)}
    <span
      ><strong title=${person.name}><bdi>${person.name}</bdi></strong> <small>${words}</small></span
    >
  </span>`;
}

/** Return a description of the search result, which screen readers announce. */
function inWordsOf({ phase, people, hasMore, fault, isOff }) {
  const { length: n } = people;
  if (phase === 'searching') return gettext('Searching …');
  if (phase === 'waiting') return gettext('Too many searches at once. The search continues in a moment …');
  if (phase === 'failed') return inWords(fault);
  if (isOff) return n ? gettext('Only people in your conversations can be chosen here.') : nobodyKnown();
  if (phase === 'short') return gettext('Type at least two characters.');
  if (phase === 'idle') return '';
  if (!n) return gettext('Nobody was found. Type the beginning of a name, or a complete e-mail address.');
  const found = filled(ngettext('%(n)s person found.', '%(n)s people found.', n), { n });
  return hasMore ? `${found} ${gettext('More people match: type more of the name.')}` : found;
}

function nobodyKnown() {
  return gettext('Nobody in your conversations has this name, and you cannot search for other people here.');
}
