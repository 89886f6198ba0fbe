/** The errors of the library, one class for each reaction: wait, correct the input, or sign in. */

/**
 * The server responded with an error. `status` is the HTTP status, `code` the error code, `errors` the messages by
 * field, `body` the whole response.
 */
export class Refused extends Error {
  constructor(status, body, retryAfter) {
    super(body.message || `The server responded with status ${status}.`);
    this.name = 'Refused';
    this.status = status;
    this.code = body.code ?? 'server_error';
    this.errors = body.errors ?? {};
    this.body = body;
    /** Seconds to wait before a retry; undefined if the server does not say. */
    this.retryAfter = retryAfter;
  }

  /** Whether the same request can succeed later. */
  get isTemporary() {
    return this.status === 429 || this.status >= 500;
  }
}

/** The server did not respond in time. It is unknown whether it received the request. */
export class ConnectionLost extends Error {
  constructor(cause) {
    super('The server could not be reached.', { cause });
    this.name = 'ConnectionLost';
  }
}

/** No user is signed in, or the login session has ended. */
export class SignedOut extends Error {
  constructor() {
    super('You are not signed in.');
    this.name = 'SignedOut';
  }
}

/** The conversation was closed, the list disposed of or the client disconnected before the read finished. */
export class Closed extends Error {
  constructor() {
    super('Closed before the server responded.');
    this.name = 'Closed';
  }
}

/** Return whether a retry can succeed: the server did not respond, or the error is temporary. */
export function passes(fault) {
  return fault instanceof ConnectionLost || (fault instanceof Refused && fault.isTemporary);
}
