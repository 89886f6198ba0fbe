/** A link is asked for again this many milliseconds before it expires, or after half of its life if that is later. */
const MARGIN = 30_000;

/** The files of messages: links that need no access token, and descriptions. `client.files` has an instance. */
export class Files {
  #session;
  #links = new Map();

  constructor(session) {
    this.#session = session;
  }

  /**
   * Return a link of a file, `{url, renewAt, expiresAt}` with times in milliseconds since 1970: an address for `src` or
   * `href`, for this user, until it expires. The same link is returned until `renewAt`. Options are `thumbnail` (the
   * small picture) and `download` (browsers save the file). Raises `Refused`, `ConnectionLost` or `SignedOut`.
   */
  link(id, { thumbnail = false, download = false } = {}) {
    const key = `${id} ${thumbnail} ${download}`;
    const held = this.#links.get(key);
    if (held && Date.now() < held.renewAt) return held.link;
    const entry = { renewAt: Infinity, link: this.#read(id, { thumbnail, download }) };
    this.#links.set(key, entry);
    entry.link.then(
      ({ renewAt }) => (entry.renewAt = renewAt),
      () => this.#links.get(key) === entry && this.#links.delete(key),
    );
    return entry.link;
  }

  async #read(id, { thumbnail, download }) {
    const params = { thumbnail: thumbnail ? 'true' : undefined, download: download ? 'true' : undefined };
    const asked = Date.now();
    const { url, expires_at } = await this.#session.get(`/api/uploads/${id}/link`, params);
    const expiresAt = Date.parse(expires_at);
    // By a wrong clock, a new link can seem to have expired.
    const life = Math.max(expiresAt - asked, MARGIN);
    return { url: this.#session.addressOf(url), expiresAt, renewAt: asked + Math.max(life - MARGIN, life / 2) };
  }

  /** Forget the links of a file, because one of them did not work. */
  forget(id) {
    for (const key of this.#links.keys()) if (key.startsWith(`${id} `)) this.#links.delete(key);
  }

  /**
   * Describe a file that was not sent yet, for people who cannot see it, and return it as an attachment. Raises
   * `Refused`, `ConnectionLost` or `SignedOut`.
   */
  async describe(id, alt) {
    return (await this.#session.request('PATCH', `/api/uploads/${id}`, { body: { alt } })).upload;
  }
}
