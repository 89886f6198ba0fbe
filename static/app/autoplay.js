import { Store } from 'stoory-client';

import { nextIn } from './demo-script.js';

const READ = 1_500;
const THINK = 700;
const PRESS = 450;
const LETTERS = 3;
const PER_LETTERS = 40;
const PATIENCE = 15_000;

/**
 * Plays a deal from its current state: it types into the fields and presses the buttons of both participants.
 *
 * Snapshot: `isPlaying`. `views` are the two conversation views by role; every pause is multiplied by `pace`.
 */
export class Autoplay extends Store {
  #views;
  #pace;
  #visits = new Map();

  constructor(views, { pace = 1 } = {}) {
    super({ isPlaying: false });
    this.#views = views;
    this.#pace = pace;
  }

  pause() {
    this.update({ isPlaying: false });
  }

  /** Play until the deal has ended, the user pauses, or nothing changes for 15 seconds. */
  async play() {
    if (this.#isPlaying) return;
    this.update({ isPlaying: true });
    while (this.#isPlaying) {
      const { flow_state: state, awaiting_role: role, state_version: version } = this.#conversation;
      const visits = (this.#visits.get(state) ?? 0) + 1;
      const step = nextIn(state, visits);
      if (!step) break;
      this.#visits.set(state, visits);
      await this.#pause(READ);
      if (!this.#isPlaying || !(await this.#take(this.#views[role], step))) break;
      if (!(await this.#moved(version))) break;
    }
    this.update({ isPlaying: false });
  }

  get #isPlaying() {
    return this.getSnapshot().isPlaying;
  }

  /** The current conversation, which is the same in both views. */
  get #conversation() {
    return this.#views.brand_owner.conversation.getSnapshot().conversation;
  }

  async #take(view, { say, action, data = {}, pay }) {
    if (say) await this.#say(view, say);
    const first = await this.#appears(() => view.actionPanel.element.querySelector(`[data-action="${action}"]`));
    if (!first || !this.#isPlaying) return false;
    await this.#pause(THINK);
    if (first instanceof HTMLButtonElement) await this.#press(first);
    if (Object.keys(data).length) await this.#fillIn(view, action, data);
    if (pay) {
      const button = await this.#appears(() => document.querySelector('dialog [data-pay]'));
      await this.#pause(THINK);
      if (button) await this.#press(button);
    }
    return true;
  }

  async #fillIn(view, action, data) {
    const selector = `form[data-action="${action}"]`;
    const form = await this.#appears(
      () => view.actionPanel.element.querySelector(selector) ?? document.querySelector(`dialog ${selector}`),
    );
    if (!form) return;
    for (const [name, value] of Object.entries(data)) await this.#write(form.elements.namedItem(name), value);
    await this.#pause(THINK);
    await this.#press(form.querySelector('[type="submit"]'));
  }

  async #say(view, text) {
    await this.#write(view.composer.input, text);
    await this.#pause(THINK);
    if (this.#isPlaying) view.composer.element.requestSubmit();
  }

  async #write(input, text) {
    input.scrollIntoView({ block: 'nearest' });
    for (let end = LETTERS; this.#isPlaying && input.value !== text; end += LETTERS) {
      input.value = text.slice(0, end);
      input.dispatchEvent(new Event('input'));
      await this.#pause(PER_LETTERS);
    }
  }

  async #press(button) {
    button.classList.add('pressed');
    await this.#pause(PRESS);
    button.classList.remove('pressed');
    if (this.#isPlaying) button.click();
  }

  #pause(milliseconds) {
    return new Promise((done) => setTimeout(done, milliseconds * this.#pace));
  }

  async #appears(find) {
    const until = Date.now() + PATIENCE;
    for (let found = find(); Date.now() < until && this.#isPlaying; found = find()) {
      if (found && !found.disabled) return found;
      await new Promise((done) => requestAnimationFrame(done));
    }
    return null;
  }

  /** Return whether both participants have received a newer state within 15 seconds. */
  async #moved(version) {
    const until = Date.now() + PATIENCE;
    const sides = Object.values(this.#views);
    const isBehind = (view) => view.conversation.getSnapshot().conversation.state_version <= version;
    while (sides.some(isBehind)) {
      if (Date.now() > until) return false;
      await new Promise((done) => requestAnimationFrame(done));
    }
    return true;
  }
}
