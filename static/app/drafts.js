/** Unsent texts, one for each user and conversation. They survive a reload and a crash of the tab. */

const STEM = 'stoory.draft.';

/** The unsent text of a user in a conversation. */
export class Draft {
  #key;

  constructor(userId, conversationId) {
    this.#key = `${STEM}${userId}.${conversationId}`;
  }

  get text() {
    return localStorage.getItem(this.#key) ?? '';
  }

  set text(text) {
    try {
      if (text) localStorage.setItem(this.#key, text);
      else localStorage.removeItem(this.#key);
    } catch {
      // The storage is full: the text is in the field all the same.
    }
  }
}

/** Remove the drafts of all users except the user `keptFor`. */
export function removeDrafts(keptFor = null) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(STEM) && !key.startsWith(`${STEM}${keptFor}.`)) localStorage.removeItem(key);
  }
}
