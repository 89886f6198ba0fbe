import { draw, html, made, nothing } from '../html.js';
import { chips } from './chips.js';

/** The files that the user has chosen on a `Desk`, and the hidden field that chooses them. */
export class FilePicker {
  #desk;
  element = made(html`<div class="picker"></div>`);
  input = made(
    html`<input type="file" multiple hidden tabindex="-1" aria-hidden="true" @change=${() => this.#chosen()} />`,
  );

  constructor(desk) {
    this.#desk = desk;
    this.show();
  }

  show() {
    const { chosen, fault } = this.#desk.getSnapshot();
    draw(
      this.element,
      html`<p class="notice" role="alert" ?hidden=${!fault}>${fault}</p>
        ${chosen.length ? chips(chosen, this.#desk) : nothing}`,
    );
  }

  #chosen() {
    this.#desk.add(this.input.files);
    this.input.value = '';
  }
}
