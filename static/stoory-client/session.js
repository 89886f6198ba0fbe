import { Refused, SignedOut } from './errors.js';
import { Http } from './http.js';

/** Renewed this long before the end, in milliseconds: a request under way must not arrive too late. */
const MARGIN = 30_000;
const PATIENCE = 2_000;
const PAUSE = 100;

/** Keeps tokens as long as the page lives. */
export function memoryStorage(tokens = null) {
  return { get: () => tokens, set: (given) => (tokens = given) };
}

/** Keeps tokens in a web storage (`localStorage`), for all tabs of the origin. */
export function webStorage(storage, key = 'stoory.session') {
  return {
    get: () => JSON.parse(storage.getItem(key) ?? 'null'),
    set: (tokens) => (tokens ? storage.setItem(key, JSON.stringify(tokens)) : storage.removeItem(key)),
  };
}

/**
 * Who is signed in, and requests in that name.
 *
 * Access tokens are renewed before they expire, and once more where the server says that one has. A refresh token
 * works once, so tabs that share a storage take turns, and the later one uses what the earlier one got.
 */
export class Session {
  #http;
  #storage;
  #locks;
  #renewing = null;
  /** Called when the login session ends without having been signed out here. */
  onEnded = () => {};

  constructor({ url, fetch, timeout, storage = memoryStorage(), locks = globalThis.navigator?.locks } = {}) {
    this.#http = new Http({ url, fetch, timeout });
    this.#storage = storage;
    this.#locks = locks;
  }

  /** The user who is signed in, or null. */
  get user() {
    return this.#storage.get()?.user ?? null;
  }

  async signIn({ email, password }) {
    return this.#begin(await this.#http.call('POST', '/api/auth/token', { body: { email, password } }));
  }

  async register({ email, password, name, role }) {
    return this.#begin(await this.#http.call('POST', '/api/auth/register', { body: { email, password, name, role } }));
  }

  /** End this login session; with `everywhere` all of the user's. Without a connection it ends on this device alone. */
  async signOut({ everywhere = false } = {}) {
    const held = this.#storage.get();
    this.#storage.set(null);
    if (held) await this.#http.call('POST', '/api/auth/logout', { body: { refresh: held.refresh, everywhere } });
  }

  /** An access token that is good for a while. Raises `SignedOut`. */
  async access() {
    const held = this.#held();
    const isGood = held.until === null || held.until - Date.now() > MARGIN;
    return isGood ? held.access : this.renew(held.access);
  }

  /** A token newer than the one `used`, by one request however many ask. */
  renew(used) {
    this.#renewing ??= this.#alone(() => this.#renewed(used)).finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  /** The token as it is, for where nothing can be waited for. */
  get present() {
    return this.#storage.get()?.access ?? '';
  }

  get(path, params) {
    return this.request('GET', path, { params });
  }

  post(path, body = {}) {
    return this.request('POST', path, { body });
  }

  /** Raises `Refused`, `ConnectionLost` or `SignedOut`. */
  async request(method, path, options = {}) {
    const token = await this.access();
    try {
      return await this.#http.call(method, path, { ...options, token });
    } catch (fault) {
      if (!(fault instanceof Refused) || fault.status !== 401) throw fault;
      return this.#http.call(method, path, { ...options, token: await this.renew(token) });
    }
  }

  /** Change one's own account: `findable` says whether others can find it. Answers the user as it is now. */
  async updateAccount({ findable }) {
    const { user } = await this.request('PATCH', '/api/auth/me', { body: { findable } });
    const held = this.#storage.get();
    // Whoever signed out meanwhile stays so, and another person's account stays theirs.
    if (held?.user.id === user.id) this.#storage.set({ ...held, user });
    return user;
  }

  /** The contents of a file that only its readers may have, as a `Blob`. */
  async file(address) {
    const path = address.startsWith(this.#http.url) ? address.slice(this.#http.url.length) : address;
    return this.request('GET', path, { as: 'blob' });
  }

  /** What the server has refused for good is over here too. */
  end() {
    if (!this.#storage.get()) return;
    this.#storage.set(null);
    this.onEnded();
  }

  #held() {
    const held = this.#storage.get();
    if (!held) throw new SignedOut();
    return held;
  }

  #begin({ user, access, refresh }) {
    this.#storage.set({ user, access, refresh, until: endOf(access) });
    return user;
  }

  #alone(work) {
    return this.#locks ? this.#locks.request('stoory.renew', work) : work();
  }

  async #renewed(used) {
    const held = this.#held();
    if (held.access !== used) return held.access;
    try {
      const { access, refresh } = await this.#http.call('POST', '/api/auth/token/refresh', {
        body: { refresh: held.refresh },
      });
      // Signed out meanwhile, it stays so.
      if (this.#held().refresh === held.refresh) this.#storage.set({ ...held, access, refresh, until: endOf(access) });
      return access;
    } catch (fault) {
      if (!(fault instanceof Refused) || fault.isTemporary) throw fault;
      return this.#fromOtherTab(used);
    }
  }

  /** What another tab has got may be seen here a moment later than its lock is free. */
  async #fromOtherTab(used) {
    const until = Date.now() + PATIENCE;
    for (let held = this.#held(); Date.now() < until; held = this.#held()) {
      if (held.access !== used) return held.access;
      await new Promise((done) => setTimeout(done, PAUSE));
    }
    this.end();
    throw new SignedOut();
  }
}

/**
 * When a token that was just made ends, in milliseconds; null where this device's clock says that it is over already:
 * then the clock is wrong, and only the server can tell.
 */
function endOf(access) {
  const claims = JSON.parse(atob(access.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
  const end = claims.exp * 1000;
  return end - Date.now() > MARGIN ? end : null;
}
