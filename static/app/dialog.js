import { draw, html, iconButton, made, uniqueId } from './html.js';
import { gettext } from './i18n.js';

/**
 * Open a modal dialog. Resolves with the argument of `close(value)`, or with undefined if the user dismisses the
 * dialog. `content(close, redraw)` returns the template of its content each time that it is drawn.
 */
export function dialog(title, content) {
  return new Promise((resolve) => {
    const id = uniqueId('dialog');
    let answer;
    const ended = () => {
      element.remove();
      resolve(answer);
    };
    const element = made(html`<dialog class="dialog" aria-labelledby=${id} @close=${ended}></dialog>`);
    const close = (value) => {
      answer = value;
      element.close();
    };
    const redraw = () =>
      draw(
        element,
        html`<header>
            <h2 id=${id}>${title}</h2>
            ${iconButton('x', gettext('Close'), () => element.close())}
          </header>
          <div class="dialog-body">${content(close, redraw)}</div>`,
      );
    redraw();
    document.body.append(element);
    element.showModal();
  });
}
