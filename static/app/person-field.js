import { fill, h, reconcile, uniqueId } from './dom.js';
import { inWords } from './faults.js';
import { role } from './format.js';
import { filled, gettext, ngettext } from './i18n.js';
import { avatar } from './people.js';
import { PeopleSearch } from './people-search.js';

const MORE = 'more';
const LONGEST = 100;

/** A field that finds one person while one types: a combobox with a list of people below it. */
export class PersonField {
  #search;
  #rows = [];
  #active = null;
  #isOpen = false;

  /** `value` is the id of the person who was chosen, `''` while nobody is. */
  value = '';

  constructor(client) {
    const [id, list, hint, fault] = ['person', 'people', 'hint', 'fault'].map(uniqueId);
    this.#search = new PeopleSearch(client);
    this.chosen = h('div', { class: 'chosen', hidden: true });
    this.faultElement = h('p', { class: 'fault', id: fault, hidden: true });
    this.input = h('input', {
      class: 'input',
      id,
      type: 'text',
      role: 'combobox',
      autocomplete: 'off',
      autofocus: true,
      spellcheck: 'false',
      maxlength: LONGEST,
      'aria-autocomplete': 'list',
      'aria-expanded': 'false',
      'aria-controls': list,
      'aria-describedby': `${fault} ${hint}`,
      'aria-required': 'true',
      oninput: () => this.#typed(),
      onfocus: () => this.#open(),
      onclick: () => this.#open(),
      onkeydown: (event) => this.#pressed(event),
    });
    this.list = h('ul', {
      class: 'people',
      id: list,
      role: 'listbox',
      'aria-label': gettext('People'),
      hidden: true,
      // The focus stays in the input while an option is clicked.
      onmousedown: (event) => event.preventDefault(),
    });
    this.said = h('p', { class: 'hint', role: 'status' });
    this.retry = h(
      'button',
      { type: 'button', class: 'button secondary', hidden: true, onclick: () => this.#again() },
      gettext('Try again'),
    );
    this.search = h(
      'div',
      { class: 'person-search' },
      this.input,
      this.faultElement,
      h('p', { class: 'hint', id: hint }, gettext('How their name begins, or their whole e-mail address.')),
      this.list,
      this.said,
      this.retry,
    );
    this.element = h(
      'div',
      { class: 'field' },
      h('label', { for: id }, gettext('With whom')),
      this.search,
      this.chosen,
    );
    this.#search.subscribe(() => this.#show());
    this.#show();
  }

  dispose() {
    this.#search.dispose();
  }

  /** Say that somebody has to be chosen, and go there. */
  complain() {
    this.faultElement.textContent = gettext('Choose the person whom you want to write to.');
    this.faultElement.hidden = false;
    this.input.setAttribute('aria-invalid', 'true');
    this.input.focus();
  }

  #forgive() {
    this.faultElement.textContent = '';
    this.faultElement.hidden = true;
    this.input.removeAttribute('aria-invalid');
  }

  #typed() {
    this.#forgive();
    this.#active = null;
    this.#isOpen = true;
    this.#search.show(this.input.value);
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
    this.input.focus();
    this.#search.retry();
  }

  #pressed(event) {
    if (event.isComposing) return;
    const isShown = !this.list.hidden;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.#step(steps[event.key]);
    else if (event.key === 'Home' && this.#active) this.#activate(this.#rows[0]);
    else if (event.key === 'End' && this.#active) this.#activate(this.#rows.at(-1));
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
    const { length } = this.#rows;
    if (!length) return;
    const place = this.#rows.findIndex((row) => row.key === this.#active);
    const from = place < 0 && by < 0 ? length : place;
    this.#activate(this.#rows[(from + by + length) % length]);
  }

  #activate(row) {
    this.#active = row.key;
    this.#show();
    document.getElementById(this.#idOf(row)).scrollIntoView({ block: 'nearest' });
  }

  /** Take what is marked. Where nothing is, Enter takes the only person there is; it never sends a half-filled form. */
  #enter() {
    const row = this.#rows.find(({ key }) => key === this.#active);
    if (row) this.#take(row);
    else if (this.#rows.length === 1 && this.#search.getSnapshot().phase !== 'searching') this.#take(this.#rows[0]);
    else this.#activate(this.#rows[0]);
  }

  #take(row) {
    if (row.key === MORE) {
      // The one who was last stays marked, and those who come follow below.
      this.#active = this.#rows.at(-2)?.key ?? null;
      this.#search.loadMore();
      this.#show();
      return;
    }
    this.#forgive();
    this.value = row.key;
    const person = described(row, role(row.role));
    person.id = uniqueId('chosen');
    const change = h(
      'button',
      {
        type: 'button',
        class: 'button secondary',
        // So that the choice is read out where the focus goes.
        'aria-describedby': person.id,
        onclick: () => this.#change(),
      },
      gettext('Change'),
    );
    fill(this.chosen, person, change);
    this.search.hidden = true;
    this.chosen.hidden = false;
    this.#close();
    change.focus();
  }

  #change() {
    this.value = '';
    this.chosen.hidden = true;
    this.search.hidden = false;
    this.input.focus();
    this.input.select();
  }

  #show() {
    const state = this.#search.getSnapshot();
    this.#rows = state.people.map((one) => ({
      key: one.id,
      name: one.name,
      role: one.role,
      isKnown: state.known.has(one.id),
    }));
    if (state.hasMore) this.#rows.push({ key: MORE });
    if (!this.#rows.some(({ key }) => key === this.#active)) this.#active = null;
    const isShown = this.#isOpen && this.#rows.length > 0;
    const rows = this.#rows.map((row) => ({ ...row, isActive: row.key === this.#active }));
    reconcile(this.list, rows, (row) => this.#option(row));
    this.list.hidden = !isShown;
    this.input.setAttribute('aria-expanded', String(isShown));
    if (isShown && this.#active) this.input.setAttribute('aria-activedescendant', `${this.list.id}-${this.#active}`);
    else this.input.removeAttribute('aria-activedescendant');
    const words = inWordsOf(state);
    if (this.said.textContent !== words) this.said.textContent = words;
    this.retry.hidden = state.phase !== 'failed';
  }

  #idOf({ key }) {
    return `${this.list.id}-${key}`;
  }

  #option(row) {
    const id = this.#idOf(row);
    const take = () => this.#take(row);
    return h(
      'li',
      { class: 'option', id, role: 'option', 'aria-selected': String(row.isActive), onclick: take },
      row.key === MORE ? gettext('Show more') : described(row, part(row)),
    );
  }
}

function part({ role: name, isKnown }) {
  return isKnown ? filled(gettext('%(role)s, in your conversations'), { role: role(name) }) : role(name);
}

function described(person, words) {
  return h(
    'span',
    { class: 'person' },
    avatar(person),
    h('span', {}, h('strong', { dir: 'auto', title: person.name }, person.name), h('small', {}, words)),
  );
}

/** What is to be said of what is found, to those who do not see it too. */
function inWordsOf({ phase, people, hasMore, fault, isOff }) {
  const { length: n } = people;
  if (phase === 'searching') return gettext('Searching …');
  if (phase === 'waiting') return gettext('That was a lot of searching at once. It goes on by itself in a moment …');
  if (phase === 'failed') return inWords(fault);
  if (isOff) return n ? gettext('Only people in your conversations can be chosen here.') : nobodyKnown();
  if (phase === 'short') return gettext('Type at least two characters.');
  if (phase === 'idle') return '';
  if (!n) return gettext('Nobody was found. Type how their name begins, or their whole e-mail address.');
  const found = filled(ngettext('%(n)s person found.', '%(n)s people found.', n), { n });
  return hasMore ? `${found} ${gettext('There are more: type more of the name.')}` : found;
}

function nobodyKnown() {
  return gettext('Nobody in your conversations is called that, and other people cannot be searched for here.');
}
