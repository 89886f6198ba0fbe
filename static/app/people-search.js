import { Refused, Store } from 'stoory-client';

/** Milliseconds without a key pressed before the server is asked. */
const PAUSE = 250;
const FEWEST = 2;
const PAGE = 10;
const WAIT = 5;

/** People one has a conversation with, each once: the latest ones, or those whose conversations fit `search`. */
async function acquaintances(client, search) {
  const { results } = await client.session.get('/api/conversations', { limit: 100, search });
  return once(results.map((one) => one.other_user).filter(Boolean));
}

/** Runs of letters, marks and numbers, whatever their case. */
function wordsOf(text) {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter(Boolean);
}

function once(people) {
  return [...new Map(people.map((one) => [one.id, one])).values()];
}

/**
 * Who may be meant by what is typed: acquaintances at once, then whom the server finds.
 *
 * Snapshot: `phase` (`idle`, `short`, `searching`, `found`, `waiting` for the server's leave to ask again, `failed`),
 * `people`, `known` (ids of acquaintances), `hasMore`, `fault`, and `isOff` where the server offers no search: then
 * acquaintances are all there is.
 */
export class PeopleSearch extends Store {
  #client;
  #known = [];
  #found = [];
  #query = '';
  #cursor = null;
  #generation = 0;
  #timer = null;
  #notBefore = 0;

  constructor(client) {
    super({ phase: 'idle', people: [], known: new Set(), hasMore: false, fault: null, isOff: false });
    this.#client = client;
    void this.#readAcquaintances();
  }

  dispose() {
    this.#generation += 1;
    clearTimeout(this.#timer);
  }

  /** Search for something else; what was asked before is dropped. */
  show(query) {
    const trimmed = query.trim();
    if (trimmed === this.#query) return;
    this.#query = trimmed;
    this.#restart();
    const { length } = [...trimmed];
    if (length >= FEWEST) this.#askIn(PAUSE, null);
    else this.#show(length ? 'short' : 'idle');
  }

  retry() {
    this.#askIn(0, this.#cursor);
  }

  /** The next page, below the people who are shown. */
  loadMore() {
    const { phase, hasMore } = this.getSnapshot();
    if (hasMore && phase !== 'searching') this.#askIn(0, this.#cursor);
  }

  async #readAcquaintances() {
    // Where they cannot be read right now, the search is there all the same.
    this.#known = await acquaintances(this.#client).catch(() => []);
    this.update(this.#people());
  }

  #restart() {
    this.#generation += 1;
    clearTimeout(this.#timer);
    this.#cursor = null;
    // Those who still fit stay in sight until the answer comes.
    this.#found = this.#found.filter((one) => this.#isMeant(one));
  }

  /** Whether every word that is looked for begins a word of the name, as the server tells it. */
  #isMeant({ name }) {
    const [wanted, words] = [wordsOf(this.#query), wordsOf(name)];
    if (!wanted.length || this.#query.includes('@')) return false;
    return wanted.every((one) => words.some((word) => word.startsWith(one)));
  }

  #askIn(pause, cursor) {
    clearTimeout(this.#timer);
    this.#show(Date.now() < this.#notBefore ? 'waiting' : 'searching');
    const after = Math.max(pause, this.#notBefore - Date.now());
    this.#timer = setTimeout(() => void this.#ask(cursor), after);
  }

  async #ask(cursor) {
    const generation = (this.#generation += 1);
    this.#show('searching');
    try {
      const page = await this.#page(cursor);
      if (generation !== this.#generation) return;
      this.#found = cursor ? [...this.#found, ...page.results] : page.results;
      this.#cursor = page.next;
      this.#show('found');
    } catch (fault) {
      if (generation === this.#generation) this.#hasFailed(fault, cursor);
    }
  }

  async #page(cursor) {
    if (!this.getSnapshot().isOff) return this.#client.findPeople(this.#query, { limit: PAGE, cursor });
    const results = await acquaintances(this.#client, this.#query);
    return { results: results.filter((one) => this.#isMeant(one)), next: null };
  }

  #hasFailed(fault, cursor) {
    this.#cursor = cursor;
    if (fault instanceof Refused && fault.status === 404 && !this.getSnapshot().isOff) {
      this.update({ isOff: true });
      this.#askIn(0, null);
    } else if (fault instanceof Refused && fault.status === 429) {
      this.#notBefore = Date.now() + (fault.retryAfter ?? WAIT) * 1000;
      this.#askIn(0, cursor);
    } else this.#show('failed', fault);
  }

  #show(phase, fault = null) {
    this.update({ phase, fault, ...this.#people() });
  }

  #people() {
    const known = this.#known.filter((one) => !this.#query || this.#isMeant(one));
    return {
      people: once([...known, ...this.#found]),
      known: new Set(this.#known.map((one) => one.id)),
      hasMore: this.#cursor !== null,
    };
  }
}
