import { Session, StooryClient, webStorage } from 'stoory-client';

const SIGN_IN = '/sign-in';
const ON_THIS_SITE = new RegExp('^/(?!/)[\\w/-]*$');

/** The login session that all tabs of this site share. */
export function siteSession() {
  return new Session({ storage: webStorage(localStorage) });
}

/** A client for who is signed in; without anybody, the sign-in page. */
export function siteClient() {
  const session = siteSession();
  if (!session.user) {
    toSignIn();
    return null;
  }
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

/** Where to go after signing in: a page of this site only. */
export function destination() {
  const next = new URLSearchParams(location.search).get('next') ?? '';
  return ON_THIS_SITE.test(next) ? next : '/chat';
}
