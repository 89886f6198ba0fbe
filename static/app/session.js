import { Session, StooryClient, webStorage } from 'stoory-client';

import { removeDrafts } from './drafts.js';
import { forgetAll } from './media/kept-uploads.js';

const SIGN_IN = '/sign-in';
const ON_THIS_SITE = new RegExp('^/(?!/)[\\w/-]*$');

/** The login session that all tabs of this site share. */
export function siteSession() {
  return new Session({ storage: webStorage(localStorage) });
}

/** Return a client for the signed-in user. If no user is signed in, open the sign-in page and return null. */
export function siteClient() {
  const session = siteSession();
  if (!session.user) {
    toSignIn();
    return null;
  }
  removeDrafts(session.user.id);
  void forgetAll(session.user.id);
  const client = new StooryClient({ session, outbox: sessionStorage });
  client.subscribe(({ status }) => status === 'ended' && toSignIn());
  addEventListener('storage', () => session.user || toSignIn());
  return client;
}

let isLeaving = false;

export function toSignIn() {
  if (isLeaving) return;
  isLeaving = true;
  location.assign(`${SIGN_IN}?next=${encodeURIComponent(location.pathname)}`);
}

/** Return the page to open after signing in. Addresses of other sites are ignored. */
export function destination() {
  const next = new URLSearchParams(location.search).get('next') ?? '';
  return ON_THIS_SITE.test(next) ? next : '/chat';
}
