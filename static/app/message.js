import { attachmentList } from './attachments.js';
import { h, icon, iconButton } from './dom.js';
import { day, fully, time } from './format.js';
import { gettext } from './i18n.js';

/**
 * Draws one row of `blocksOf`. `context` is `{me, session, names, isClosed, onRetry, onDiscard, onEdit,
 * onRemove, onFault}`. Where nothing
 * but the read mark differs from `before`, `{row, element}`, the element stays: nobody's click or focus gets lost.
 */
export function drawn(row, context, before) {
  if (!before || !isOnlyRead(before.row, row)) return DRAWERS[row.kind](row, context);
  before.element.querySelector('.tick')?.replaceWith(tick(row.message.read_at));
  return before.element;
}

function isOnlyRead(before, row) {
  if (row.kind !== 'message' || before.kind !== 'message' || before.isFirst !== row.isFirst) return false;
  const names = Object.keys(row.message);
  return names.every((name) => name === 'read_at' || Object.is(before.message[name], row.message[name]));
}

const DRAWERS = {
  day: ({ at }) => h('li', { class: 'day' }, h('h3', {}, day(at))),
  new: () => h('li', { class: 'new-marker' }, h('span', {}, gettext('New messages'))),
  message: (row, context) => (row.message.message_type === 'system' ? event(row, context) : said(row, context)),
  outgoing: (row, context) => onItsWay(row, context),
};

function event({ message }, context) {
  const [head, ...rest] = message.message.split('\n\n');
  const isBrief = !rest.length && !message.attachments.length;
  return h(
    'li',
    { class: 'message event', 'data-seq': message.seq },
    h(
      'div',
      { class: isBrief ? 'event-card brief' : 'event-card' },
      h('p', { class: 'event-head' }, head),
      rest.map((paragraph) => h('p', { class: 'words' }, paragraph)),
      message.attachments.length ? attachmentList(message.attachments, context) : null,
      moment(message.created_at),
    ),
  );
}

function said({ message, isFirst }, context) {
  const isMine = message.sender_id === context.me;
  const who = isMine ? gettext('You') : context.names(message.sender_id);
  return h(
    'li',
    { class: classes(isMine, isFirst), 'data-seq': message.seq },
    h(
      'div',
      { class: 'bubble' },
      h('span', { class: 'visually-hidden' }, `${who}: `),
      content(message, context),
      h(
        'p',
        { class: 'meta' },
        message.edited_at && !message.deleted_at ? h('span', {}, gettext('edited')) : null,
        moment(message.created_at),
        isMine && !message.deleted_at ? tick(message.read_at) : null,
      ),
    ),
    isMine && !message.deleted_at ? tools(message, context) : null,
  );
}

function classes(isMine, isFirst) {
  return ['message', isMine ? 'mine' : 'theirs', isFirst && 'first'].filter(Boolean).join(' ');
}

function content(message, context) {
  if (message.deleted_at) return h('p', { class: 'words gone' }, gettext('This message was deleted.'));
  return [
    message.message ? h('p', { class: 'words' }, message.message) : null,
    message.media_url ? link(message.media_url) : null,
    message.attachments.length ? attachmentList(message.attachments, context) : null,
  ];
}

function link(address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol)) return null;
  return h(
    'a',
    { class: 'media', href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' },
    url.host + url.pathname,
  );
}

function moment(at) {
  return h('time', { datetime: at, title: fully(at) }, time(at));
}

function tick(readAt) {
  const label = readAt ? gettext('Read') : gettext('Sent');
  return h(
    'span',
    { class: readAt ? 'tick read' : 'tick', title: label },
    icon(readAt ? 'check-check' : 'check'),
    h('span', { class: 'visually-hidden' }, label),
  );
}

function tools(message, { onEdit, onRemove, isClosed }) {
  return h(
    'div',
    { class: 'tools' },
    isClosed() ? null : iconButton('pencil', gettext('Edit'), () => onEdit(message)),
    iconButton('trash-2', gettext('Delete'), () => onRemove(message)),
  );
}

function onItsWay({ entry, isFirst }, { onRetry, onDiscard }) {
  const states = {
    sending: () => h('span', { class: 'sending' }, icon('clock'), gettext('Sending …')),
    waiting: () => h('span', { class: 'waiting' }, icon('wifi-off'), gettext('Will be sent when you are back online')),
    failed: () => h('span', { class: 'failed' }, icon('circle-alert'), `${gettext('Not sent.')} ${entry.error}`),
  };
  const id = entry.client_message_id;
  return h(
    'li',
    { class: `${classes(true, isFirst)} outgoing ${entry.status}` },
    h(
      'div',
      { class: 'bubble' },
      h('span', { class: 'visually-hidden' }, `${gettext('You')}: `),
      h('p', { class: 'words' }, entry.message),
      entry.attachments.length ? h('p', { class: 'hint' }, icon('paperclip'), ` ${entry.attachments.length}`) : null,
      h('p', { class: 'meta' }, states[entry.status]()),
    ),
    entry.status === 'failed'
      ? h(
          'p',
          { class: 'again' },
          h('button', { type: 'button', class: 'link', onclick: () => onRetry(id) }, gettext('Try again')),
          h('button', { type: 'button', class: 'link', onclick: () => onDiscard(id) }, gettext('Discard')),
        )
      : null,
  );
}
