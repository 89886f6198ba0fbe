/** The current day in the reader's time zone. */

const MINUTE = 60_000;
const listeners = new Set();

/** Return a text that names the current day. */
export function today() {
  return new Date().toDateString();
}

let known = today();

function look() {
  if (today() === known) return;
  known = today();
  for (const listener of [...listeners]) listener();
}

/** Look at midnight and once a minute, because devices sleep and their clocks and time zones change. */
function wait() {
  const left = new Date().setHours(24, 0, 0, 0) - Date.now();
  setTimeout(
    () => {
      look();
      wait();
    },
    Math.min(left, MINUTE),
  );
}

wait();
document.addEventListener('visibilitychange', look);

/** Call `listener()` whenever a new day has begun. Returns a function that ends this. */
export function onNewDay(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
