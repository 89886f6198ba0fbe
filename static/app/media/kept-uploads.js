/**
 * Chosen files that have not been sent with a message, so that they survive a reload. Files and what is known about
 * them are in two stores, so that a change does not write the file again. Without IndexedDB nothing is kept.
 */

const NAME = 'stoory.uploads';
const [FILES, FACTS] = ['files', 'facts'];

let database = null;

function opened() {
  database ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(FILES);
      request.result.createObjectStore(FACTS, { keyPath: 'key' });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return database;
}

/** Run a transaction. Returns the result of the request that `work(files, facts)` returns; null if it fails. */
async function inTransaction(mode, work) {
  try {
    const transaction = (await opened()).transaction([FILES, FACTS], mode);
    const request = work(transaction.objectStore(FILES), transaction.objectStore(FACTS));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } catch {
    return null;
  }
}

/** Keep a file with its facts. Returns whether this worked. */
export async function keepFile(file, facts) {
  const done = await inTransaction('readwrite', (files, all) => {
    files.put(file, facts.key);
    return all.put(facts);
  });
  return done !== null;
}

/** Replace the facts of a file that is kept. */
export function keepFacts(facts) {
  return inTransaction('readwrite', (_, all) => all.put(facts));
}

/** Forget a file. */
export function forget(key) {
  return inTransaction('readwrite', (files, all) => {
    files.delete(key);
    return all.delete(key);
  });
}

/** Forget all files except those of the user `keptFor`. */
export async function forgetAll(keptFor = null) {
  for (const { key, user } of (await inTransaction('readonly', (_, all) => all.getAll())) ?? []) {
    if (user !== keptFor) await forget(key);
  }
}

/** Return the kept files of a conversation that no other tab is working on, `[{facts, file}]` in their order. */
export async function keptFiles(user, conversation) {
  const all = (await inTransaction('readonly', (_, facts) => facts.getAll())) ?? [];
  const found = [];
  for (const facts of all.filter((one) => one.user === user && one.conversation === conversation)) {
    if (!(await claim(facts.key))) continue;
    const file = await inTransaction('readonly', (files) => files.get(facts.key));
    if (file || facts.attachment) found.push({ facts, file });
  }
  return found.sort((one, other) => one.facts.order - other.facts.order);
}

/** Reserve a file for this tab, until the tab is closed. Returns whether no other tab has reserved it. */
export function claim(key) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(`${NAME}.${key}`, { ifAvailable: true }, (lock) => {
      resolve(Boolean(lock));
      // The browser releases the lock when the tab is closed.
      return lock ? new Promise(() => {}) : null;
    });
  });
}
