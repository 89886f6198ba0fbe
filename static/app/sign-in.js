/** The sign-in and registration pages. */

import { Refused } from 'stoory-client';

import { html, made, onceAtATime } from './html.js';
import { inWords } from './faults.js';
import { destination, siteSession } from './session.js';

const form = document.querySelector('form[data-method]');
const notice = form.querySelector('[role="alert"]');
const button = form.querySelector('[type="submit"]');

function clear() {
  notice.hidden = true;
  for (const fault of form.querySelectorAll('.fault')) fault.remove();
  for (const input of form.querySelectorAll('[aria-invalid]')) {
    input.removeAttribute('aria-invalid');
    input.removeAttribute('aria-describedby');
  }
}

function showFault(name, faults) {
  const input = form.elements.namedItem(name);
  if (!(input instanceof HTMLElement)) return false;
  const id = `${input.id}-fault`;
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', id);
  input.closest('.field').append(made(html`<p class="fault" id=${id}>${faults.join(' ')}</p>`));
  return true;
}

function say(fault) {
  const shown =
    fault instanceof Refused && Object.entries(fault.errors).filter(([name, faults]) => showFault(name, faults));
  if (shown?.length) {
    form.querySelector('[aria-invalid]').focus();
    return;
  }
  notice.textContent = inWords(fault);
  notice.hidden = false;
}

async function signIn() {
  clear();
  try {
    await siteSession()[form.dataset.method](Object.fromEntries(new FormData(form)));
    location.assign(destination());
  } catch (fault) {
    say(fault);
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void onceAtATime(button, signIn);
});

for (const link of document.querySelectorAll('a[data-keep-next]')) link.search = location.search;

for (const account of document.querySelectorAll('[data-account]')) {
  account.addEventListener('click', () => {
    form.elements.email.value = account.dataset.account;
    form.elements.password.value = account.dataset.password;
    form.requestSubmit();
  });
}

// The buttons are disabled until now: without this script, the browser would send the password in the address.
for (const one of document.querySelectorAll('.sign-in button[disabled]')) one.disabled = false;
