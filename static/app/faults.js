import { ConnectionLost } from 'stoory-client';

import { gettext } from './i18n.js';

/** What went wrong, for a reader: what the server says of the fields, or of the whole. */
export function inWords(fault) {
  if (fault instanceof ConnectionLost) return gettext('The server cannot be reached right now.');
  return (
    Object.values(fault.errors ?? {})
      .flat()
      .join(' ') || fault.message
  );
}
