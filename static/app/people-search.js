import { Refused, Store } from 'stoory-client';

/** Milliseconds from the last key press to the request. */
const PAUSE = 250;
const FEWEST = 2;
const PAGE = 10;
const WAIT = 5;

/** Return the people of the user's newest conversations, or of the conversations that match `search`, each once. */
async function acquaintances(client, search) {
  const { results } = await client.session.get('/api/conversations', { limit: 100, search });
  return once(results.map((one) => one.other_user).filter(Boolean));
}

/** Return the words of a text in lower case: runs of letters, marks and numbers. */
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
 * The people who match the typed text: first acquaintances, then the results of the server.
 *
 * Snapshot: `phase` (`idle`, `short`, `searching`, `found`, `waiting` for the end of a rate limit, `failed`), `people`,
 * `known` (ids of acquaintances), `hasMore`, `fault`, and `isOff`: the server offers no search, so only acquaintances
 * are found.
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

  /** Search for `query`. The result of an earlier search is ignored. */
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

  /** Load the next page and add it to the end of the list. */
  loadMore() {
    const { phase, hasMore } = this.getSnapshot();
    if (hasMore && phase !== 'searching') this.#askIn(0, this.#cursor);
  }

  async #readAcquaintances() {
    // The search works without acquaintances too, so an error is ignored.
    this.#known = await acquaintances(this.#client).catch(() => []);
    this.update(this.#people());
  }

  #restart() {
    this.#generation += 1;
    clearTimeout(this.#timer);
    this.#cursor = null;
    // People who still match stay in the list until the response is received.
    this.#found = this.#found.filter((one) => this.#isMeant(one));
  }

  /** Return whether each word of the query is the beginning of a word of the name, by the same rule as the server. */
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
