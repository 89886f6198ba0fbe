/**
 * Translation of texts into the user's language.
 *
 * The functions have the names of Django's JavaScript catalog, so that `makemessages -d djangojs` finds the texts. A
 * page loads the catalog before its modules. Without the catalog the texts are shown untranslated.
 */

export const language = document.documentElement.lang || 'en';

export function gettext(text) {
  return globalThis.gettext ? globalThis.gettext(text) : text;
}

export function ngettext(one, many, count) {
  if (globalThis.ngettext) return globalThis.ngettext(one, many, count);
  return count === 1 ? one : many;
}

/** Return a text with each `%(name)s` replaced by its value. */
export function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
}

/** Return text of a user for a sentence of plain text. Its direction does not change the order of the words around. */
export function isolated(text) {
  return `\u2068${text}\u2069`;
}
