// A browser with many tabs in one process. Each tab is a thread with its own modules, as in a real browser.
// In: JSON lines {tab, open: {url, token}}, {tab, id, action, args} or {tab, close: true}.
// Out: JSON lines {tab, ...} with the reports of the tabs. The process ends with its input.
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';

const tabs = new Map();

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function open(name, page) {
  const tab = new Worker(new URL('./tab.mjs', import.meta.url), { workerData: page, stdout: true, stderr: true });
  tab.stdout.pipe(process.stderr, { end: false });
  tab.stderr.pipe(process.stderr, { end: false });
  tab.on('message', (told) => tell({ tab: name, ...told }));
  tab.on('error', (error) => tell({ tab: name, crashed: String(error.stack) }));
  tabs.set(name, tab);
}

process.stderr.setMaxListeners(0);
for await (const line of createInterface({ input: process.stdin })) {
  const { tab, ...order } = JSON.parse(line);
  if (order.open) {
    open(tab, order.open);
  } else if (order.close) {
    await tabs.get(tab).terminate();
    tabs.delete(tab);
  } else {
    tabs.get(tab).postMessage(order);
  }
}
process.exit();
