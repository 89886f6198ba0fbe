import { passes, Refused, SignedOut } from './errors.js';
import { Http } from './http.js';

/** A token is renewed this many milliseconds before it expires, so that it does not expire during a request. */
const MARGIN = 30_000;
/** Pauses before a renewal is repeated, in milliseconds, if its answer was lost or the server failed. */
const REPEATS = [500, 2_000, 5_000];
const PATIENCE = 2_000;
const PAUSE = 100;

/** Return a storage that keeps tokens until the page is closed. */
export function memoryStorage(tokens = null) {
  return { get: () => tokens, set: (given) => (tokens = given) };
}

/** Return a storage that keeps tokens in a web storage. With `localStorage` all tabs of the origin share them. */
export function webStorage(storage, key = 'stoory.session') {
  return {
    get: () => JSON.parse(storage.getItem(key) ?? 'null'),
    set: (tokens) => (tokens ? storage.setItem(key, JSON.stringify(tokens)) : storage.removeItem(key)),
  };
}

/**
 * The login session of a user, and authenticated requests to the REST API.
 *
 * Access tokens are renewed before they expire, and when the server rejects a token. A refresh token works once, so
 * tabs that share a storage renew one at a time, and the later tab uses the tokens of the earlier tab. If the answer is
 * lost, also because the page was closed, the same refresh token is sent again: for a minute the server answers it with
 * the same new tokens.
 */
export class Session {
  #http;
  #storage;
  #locks;
  #renewing = null;
  /** Called when the login session ends without a call of `signOut`. */
  onEnded = () => {};

  constructor({ url, fetch, timeout, storage = memoryStorage(), locks = globalThis.navigator?.locks } = {}) {
    this.#http = new Http({ url, fetch, timeout });
    this.#storage = storage;
    this.#locks = locks;
  }

  /** The signed-in user, or null. */
  get user() {
    return this.#storage.get()?.user ?? null;
  }

  /** Sign in and return the user. Raises `Refused` or `ConnectionLost`. */
  async signIn({ email, password }) {
    return this.#begin(await this.#http.call('POST', '/api/auth/token', { body: { email, password } }));
  }

  /** Create an account, sign in and return the user. Raises `Refused` or `ConnectionLost`. */
  async register({ email, password, name, role }) {
    return this.#begin(await this.#http.call('POST', '/api/auth/register', { body: { email, password, name, role } }));
  }

  /**
   * End this login session, or with `everywhere` all login sessions of the user. The tokens are removed from the
   * storage first. Raises `Refused` or `ConnectionLost`: the session has then ended on this device only.
   */
  async signOut({ everywhere = false } = {}) {
    const held = this.#storage.get();
    this.#storage.set(null);
    if (held) await this.#http.call('POST', '/api/auth/logout', { body: { refresh: held.refresh, everywhere } });
  }

  /** Return an access token, renewed if it expires within 30 s. Raises `SignedOut`, `Refused` or `ConnectionLost`. */
  async access() {
    const held = this.#held();
    const isGood = held.until === null || held.until - Date.now() > MARGIN;
    return isGood ? held.access : this.renew(held.access);
  }

  /** Return an access token that is newer than `used`. Calls at the same time share one request. */
  renew(used) {
    this.#renewing ??= this.#alone(() => this.#renewed(used)).finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  /** The stored access token, which can have expired; an empty string if no user is signed in. */
  get present() {
    return this.#storage.get()?.access ?? '';
  }

  /** Send a GET request with the query parameters `params`; see `request`. */
  get(path, params) {
    return this.request('GET', path, { params });
  }

  /** Send a POST request with a JSON `body`; see `request`. */
  post(path, body = {}) {
    return this.request('POST', path, { body });
  }

  /**
   * Send a request and return the response body. Options are `params` (query parameters), `body` (JSON or `FormData`)
   * and `as` (`'blob'` for a `Blob`). Raises `Refused`, `ConnectionLost` or `SignedOut`.
   */
  async request(method, path, options = {}) {
    const token = await this.access();
    try {
      return await this.#http.call(method, path, { ...options, token });
    } catch (fault) {
      if (!(fault instanceof Refused) || fault.status !== 401) throw fault;
      return this.#http.call(method, path, { ...options, token: await this.renew(token) });
    }
  }

  /**
   * Change the account of the signed-in user: `findable` says whether other users can find it. Returns the updated
   * user. Raises `Refused`, `ConnectionLost` or `SignedOut`.
   */
  async updateAccount({ findable }) {
    const { user } = await this.request('PATCH', '/api/auth/me', { body: { findable } });
    const held = this.#storage.get();
    // During the request the user can have signed out, or another user can have signed in.
    if (held?.user.id === user.id) this.#storage.set({ ...held, user });
    return user;
  }

  /** Return an uploaded file or thumbnail as a `Blob`. `address` is its `url`. Raises the same errors as `request`. */
  async file(address) {
    const path = address.startsWith(this.#http.url) ? address.slice(this.#http.url.length) : address;
    return this.request('GET', path, { as: 'blob' });
  }

  /** Return the complete address of a path of the server, such as the `url` of a link. */
  addressOf(path) {
    return path.startsWith('/') ? this.#http.url + path : path;
  }

  /** End the login session on this device, after the server has rejected its tokens or blocked the user. */
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
      const { access, refresh } = await this.#refreshed(held.refresh);
      // Do not store the tokens if the user has signed out during the request.
      if (this.#held().refresh === held.refresh) this.#storage.set({ ...held, access, refresh, until: endOf(access) });
      return access;
    } catch (fault) {
      if (!(fault instanceof Refused) || fault.isTemporary) throw fault;
      return this.#fromOtherTab(used);
    }
  }

  async #refreshed(refresh) {
    for (const pause of REPEATS) {
      try {
        return await this.#http.call('POST', '/api/auth/token/refresh', { body: { refresh } });
      } catch (fault) {
        if (!passes(fault) || fault.status === 429) throw fault;
        await new Promise((done) => setTimeout(done, pause));
      }
    }
    return this.#http.call('POST', '/api/auth/token/refresh', { body: { refresh } });
  }

  /** Wait for the tokens of another tab: they can become visible here shortly after that tab has released the lock. */
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
 * Return when a new access token expires, in milliseconds since 1970. Return null if it has already expired by this
 * device's clock: the clock must be wrong, so only the server knows when the token expires.
 */
function endOf(access) {
  const claims = JSON.parse(fromBase64Url(access.split('.')[1]));
  const end = claims.exp * 1000;
  return end - Date.now() > MARGIN ? end : null;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Decode base64url to text of one byte a character. `atob` is missing on some platforms. */
function fromBase64Url(encoded) {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const character of encoded) {
    held = ((held << 6) | ALPHABET.indexOf(character)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      text += String.fromCharCode((held >> bits) & 0xff);
    }
  }
  return text;
}
