import { h, iconButton, uniqueId } from './dom.js';
import { gettext } from './i18n.js';

/** A modal dialog; resolves with what `close(value)` was given, undefined where it was dismissed. */
export function dialog(title, content) {
  return new Promise((resolve) => {
    const id = uniqueId('dialog');
    let answer;
    const element = h('dialog', {
      class: 'dialog',
      'aria-labelledby': id,
      onclose: () => {
        element.remove();
        resolve(answer);
      },
    });
    const close = (value) => {
      answer = value;
      element.close();
    };
    element.append(
      h(
        'header',
        {},
        h('h2', { id }, title),
        iconButton('x', gettext('Close'), () => element.close()),
      ),
      h('div', { class: 'dialog-body' }, content(close)),
    );
    document.body.append(element);
    element.showModal();
  });
}
