import { filled, gettext, language, ngettext } from './i18n.js';
import { localizedPrice } from './price.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const clock = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(language, { weekday: 'long' });
const date = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
const longDate = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });

export function time(at) {
  return clock.format(new Date(at));
}

/** Return date and time, for tooltips. */
export function fully(at) {
  return moment.format(new Date(at));
}

function daysAgo(at) {
  return Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY);
}

/** Return the heading of a day. */
export function day(at) {
  const days = daysAgo(at);
  if (days === 0) return gettext('Today');
  if (days === 1) return gettext('Yesterday');
  return days < 7 && days > 0 ? weekday.format(new Date(at)) : longDate.format(new Date(at));
}

/** Return the time of today, or the date of an earlier day. */
export function short(at) {
  const days = daysAgo(at);
  if (days === 0) return time(at);
  if (days === 1) return gettext('Yesterday');
  return date.format(new Date(at));
}

/** Return the time that is left until `at`. */
export function remaining(at) {
  const left = new Date(at) - Date.now();
  if (left <= 0) return gettext('due now');
  if (left < HOUR) {
    const minutes = Math.ceil(left / MINUTE);
    return filled(ngettext('%(n)s minute left', '%(n)s minutes left', minutes), { n: minutes });
  }
  if (left < 2 * DAY) {
    const hours = Math.round(left / HOUR);
    return filled(ngettext('%(n)s hour left', '%(n)s hours left', hours), { n: hours });
  }
  const days = Math.round(left / DAY);
  return filled(ngettext('%(n)s day left', '%(n)s days left', days), { n: days });
}

/** Return a price in the format of the page's language. `amount` is an amount of the server. */
export function price(amount, currency) {
  return localizedPrice(amount, currency, language);
}

export function size(bytes) {
  const kilo = bytes / 1024;
  if (kilo < 1024) return `${Math.max(1, Math.round(kilo))} KB`;
  const mega = kilo / 1024;
  return mega < 1024 ? `${mega.toFixed(1)} MB` : `${(mega / 1024).toFixed(1)} GB`;
}

/** Return a length of time in minutes and seconds. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export function role(name) {
  return { brand_owner: gettext('Brand owner'), influencer: gettext('Influencer') }[name] ?? gettext('Member');
}

export function offerKind(kind) {
  return { offer: gettext('Offer'), counter: gettext('Counter-offer'), final: gettext('Final offer') }[kind] ?? kind;
}

export function kind(type) {
  return { direct: gettext('Direct'), bid: gettext('Bid'), campaign: gettext('Campaign') }[type] ?? type;
}
