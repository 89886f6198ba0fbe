import { ConnectionLost } from 'stoory-client';

import { gettext } from './i18n.js';

/** Return the message of an error for the user: the messages of the fields, or the general message. */
export function inWords(fault) {
  if (fault instanceof ConnectionLost) return gettext('The server cannot be reached right now.');
  return (
    Object.values(fault.errors ?? {})
      .flat()
      .join(' ') || fault.message
  );
}
