import { filled, gettext, ngettext } from '../i18n.js';

const ONE = {
  picture: () => gettext('Photo'),
  video: () => gettext('Video'),
  audio: () => gettext('Audio'),
  voice: () => gettext('Voice note'),
};

/** Return the text of a message in one line; for a message without text, what its files are. */
export function summary({ message, attachments = [] }) {
  if (message || !attachments.length) return message.split('\n', 1)[0];
  if (attachments.length === 1) return ONE[attachments[0].kind]?.() ?? gettext('File');
  return filled(ngettext('%(n)s file', '%(n)s files', attachments.length), { n: attachments.length });
}
