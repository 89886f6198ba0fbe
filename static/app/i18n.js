/**
 * Texts in the reader's language.
 *
 * The functions are those of Django's JavaScript catalogue, which a page loads before its modules, so that
 * `makemessages -d djangojs` finds the texts; without the catalogue they are shown as they are written.
 */

export const language = document.documentElement.lang || 'en';

export function gettext(text) {
  return globalThis.gettext ? globalThis.gettext(text) : text;
}

export function ngettext(one, many, count) {
  if (globalThis.ngettext) return globalThis.ngettext(one, many, count);
  return count === 1 ? one : many;
}

/** `%(name)s` in a text, filled in. */
export function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
}
