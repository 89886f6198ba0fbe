import { html, icon, iconButton, nothing } from './html.js';
import { day, fully, time } from './format.js';
import { gettext } from './i18n.js';
import { chips } from './media/chips.js';

/**
 * Return the template of one row of `blocksOf`. `context` is `{me, attachments, desk, names, isClosed, onRetry,
 * onDiscard, onEdit, onRemove, onFault}`.
 */
export function drawn(row, context) {
  return DRAWERS[row.kind](row, context);
}

const DRAWERS = {
  day: ({ at }) => html`<li class="day"><h3>${day(at)}</h3></li>`,
  new: () => html`<li class="new-marker"><span>${gettext('New messages')}</span></li>`,
  message: (row, context) => (row.message.message_type === 'system' ? event(row, context) : said(row, context)),
  outgoing: (row, context) => onItsWay(row, context),
};

/** Return whether a message can still be unread for the user `me`. Its row then has the attribute `data-unread`. */
export function mayBeUnread({ sender_id: sender, receiver_id: receiver, read_at: readAt }, me) {
  // `read_at` is set by the receiver only, but a system message is for both participants.
  return sender !== me && !(readAt && receiver === me);
}

function event({ message }, context) {
  const [head, ...rest] = message.message.split('\n\n');
  const isBrief = !rest.length && !message.attachments.length;
  return html`<li class="message event" data-seq=${message.seq} ?data-unread=${mayBeUnread(message, context.me)}>
    <div class=${isBrief ? 'event-card brief' : 'event-card'}>
      <p class="event-head">${head}</p>
      ${rest.map(words)} ${context.attachments.list(message.attachments)} ${moment(message.created_at)}
    </div>
  </li>`;
}

function said({ message, isFirst }, context) {
  const isMine = message.sender_id === context.me;
  const isMineStill = isMine && !message.deleted_at;
  const who = isMine ? gettext('You') : context.names(message.sender_id);
  return html`<li
    class=${classes(isMine, isFirst)}
    data-seq=${message.seq}
    ?data-unread=${mayBeUnread(message, context.me)}
  >
    <div class="bubble">
      <span class="visually-hidden"><bdi>${who}</bdi>: </span>
      ${content(message, context)}
      <p class="meta">
        ${message.edited_at && !message.deleted_at ? html`<span>${gettext('edited')}</span>` : nothing}
        ${moment(message.created_at)} ${isMineStill ? tick(message.read_at) : nothing}
      </p>
    </div>
    ${isMineStill ? tools(message, context) : nothing}
  </li>`;
}

function classes(isMine, isFirst) {
  return ['message', isMine ? 'mine' : 'theirs', isFirst && 'first'].filter(Boolean).join(' ');
}

function words(text) {
  return html`<p class="words">${text}</p>`;
}

function content(message, context) {
  if (message.deleted_at) return html`<p class="words gone">${gettext('This message was deleted.')}</p>`;
  return html`${message.message ? words(message.message) : nothing}
  ${message.media_url ? link(message.media_url) : nothing} ${context.attachments.list(message.attachments)}`;
}

function link(address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol)) return nothing;
  return html`<a class="media" href=${url.href} target="_blank" rel="noopener noreferrer nofollow"
    >${url.host + url.pathname}</a
  >`;
}

function moment(at) {
  return html`<time datetime=${at} title=${fully(at)}>${time(at)}</time>`;
}

function tick(readAt) {
  const label = readAt ? gettext('Read') : gettext('Sent');
  return html`<span class=${readAt ? 'tick read' : 'tick'} title=${label}
    >${icon(readAt ? 'check-check' : 'check')}<span class="visually-hidden">${label}</span></span
  >`;
}

function tools(message, { onEdit, onRemove, isClosed }) {
  return html`<div class="tools">
    ${isClosed() ? nothing : iconButton('pencil', gettext('Edit'), () => onEdit(message))}
    ${iconButton('trash-2', gettext('Delete'), () => onRemove(message))}
  </div>`;
}

function onItsWay({ entry, isFirst }, { onRetry, onDiscard, desk }) {
  const states = {
    uploading: () => html`<span class="sending">${icon('clock')}${gettext('Will be sent with its files')}</span>`,
    sending: () => html`<span class="sending">${icon('clock')}${gettext('Sending …')}</span>`,
    waiting: () =>
      html`<span class="waiting">${icon('wifi-off')}${gettext('Will be sent when you are back online')}</span>`,
    failed: () => html`<span class="failed">${icon('circle-alert')}${gettext('Not sent.')} ${entry.error}</span>`,
  };
  const { client_message_id: id, attachments, uploads } = entry;
  const again = html`<p class="again">
    <button type="button" class="link" @click=${() => onRetry(id)}>${gettext('Try again')}</button>
    <button type="button" class="link" @click=${() => onDiscard(id)}>${gettext('Discard')}</button>
  </p>`;
  return html`<li class="${classes(true, isFirst)} outgoing ${entry.status}">
    <div class="bubble">
      <span class="visually-hidden">${gettext('You')}: </span>
      ${entry.message ? words(entry.message) : nothing} ${uploads ? chips(uploads, desk) : nothing}
      ${attachments.length ? html`<p class="hint">${icon('paperclip')} ${attachments.length}</p>` : nothing}
      <p class="meta">${states[entry.status]()}</p>
    </div>
    ${entry.status === 'failed' ? again : nothing}
  </li>`;
}
