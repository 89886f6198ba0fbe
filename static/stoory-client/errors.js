/** What can go wrong, by what helps: waiting, correcting the input, or signing in. */

/** The server understood and declined. `code`, `errors` and `body` are those of its answer. */
export class Refused extends Error {
  constructor(status, body, retryAfter) {
    super(body.message || `The server answered ${status}.`);
    this.name = 'Refused';
    this.status = status;
    this.code = body.code ?? 'server_error';
    this.errors = body.errors ?? {};
    this.body = body;
    /** Seconds to wait, where the server says so. */
    this.retryAfter = retryAfter;
  }

  /** Whether the very same request may succeed later. */
  get isTemporary() {
    return this.status === 429 || this.status >= 500;
  }
}

/** No answer: nothing is known about whether the request arrived. */
export class ConnectionLost extends Error {
  constructor(cause) {
    super('The server could not be reached.', { cause });
    this.name = 'ConnectionLost';
  }
}

/** There is no login session, or it has ended. */
export class SignedOut extends Error {
  constructor() {
    super('Nobody is signed in.');
    this.name = 'SignedOut';
  }
}

/** What was waited for will not come: it was closed, disposed of or disconnected meanwhile. */
export class Closed extends Error {
  constructor() {
    super('It was closed before there was an answer.');
    this.name = 'Closed';
  }
}

/** Whether waiting helps: there was no answer, or none for the moment. */
export function passes(fault) {
  return fault instanceof ConnectionLost || (fault instanceof Refused && fault.isTemporary);
}
