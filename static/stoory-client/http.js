import { ConnectionLost, Refused } from './errors.js';

/** The timeout of an upload is this many times longer than the timeout of other requests. */
const UPLOAD_FACTOR = 8;

/**
 * Requests to the REST API. Cookies are never sent: only the given `token` identifies the user.
 *
 * `call` returns the body of a successful response. It raises `Refused` for every other response, and `ConnectionLost`
 * if the server does not respond in time.
 */
export class Http {
  #fetch;
  #timeout;

  /** `timeout` is in milliseconds. */
  constructor({ url = '', fetch = globalThis.fetch, timeout = 15_000 }) {
    this.url = url;
    this.#fetch = fetch;
    this.#timeout = timeout;
  }

  async call(method, path, { params, body, token, as } = {}) {
    const isForm = typeof FormData !== 'undefined' && body instanceof FormData;
    const headers = { Accept: as === 'blob' ? '*/*' : 'application/json' };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined && !isForm) headers['Content-Type'] = 'application/json';
    const request = {
      method,
      headers,
      body: isForm || body === undefined ? body : JSON.stringify(body),
      credentials: 'omit',
    };
    return within(isForm ? this.#timeout * UPLOAD_FACTOR : this.#timeout, async (signal) => {
      const response = await this.#answered(this.#address(path, params), signal ? { ...request, signal } : request);
      return as === 'blob' && response.ok ? response.blob() : read(response);
    });
  }

  #address(path, params = {}) {
    const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== '');
    const query = given.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
    return this.url + path + (query && `?${query}`);
  }

  async #answered(address, request) {
    try {
      return await this.#fetch.call(globalThis, address, request);
    } catch (cause) {
      throw new ConnectionLost(cause);
    }
  }
}

/** Run `work(signal)`. After `timeout` milliseconds raise `ConnectionLost`, and abort the work if the platform can. */
function within(timeout, work) {
  const abort = globalThis.AbortController ? new AbortController() : null;
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => {
      fail(new ConnectionLost(new Error(`No response within ${timeout} ms.`)));
      abort?.abort();
    }, timeout);
  });
  return Promise.race([work(abort?.signal), late]).finally(() => clearTimeout(timer));
}

async function read(response) {
  let body;
  try {
    body = JSON.parse(await response.text());
  } catch (cause) {
    if (response.ok) throw new ConnectionLost(cause);
    body = {};
  }
  if (response.ok) return body;
  const retryAfter = Number(body.retry_after ?? response.headers.get('Retry-After')) || undefined;
  throw new Refused(response.status, body, retryAfter);
}
