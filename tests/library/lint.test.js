/** ESLint, with the project's configuration, finds faults in every script. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { test } from 'node:test';

import { ESLint } from 'eslint';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const eslint = new ESLint({ cwd: ROOT });

/** Return the rules that a script of the pages breaks. */
async function broken(source, file = 'static/app/sample.js') {
  const [{ messages }] = await eslint.lintText(source, { filePath: join(ROOT, file) });
  return new Set(messages.map((message) => message.ruleId ?? message.message));
}

async function finds(rule, samples) {
  for (const sample of samples) assert.ok((await broken(sample)).has(rule), sample);
}

/** Return a script in which all names are defined. */
const body = (statements) => `export function sample(node, text) {\n  ${statements}\n  return [node, text];\n}\n`;

test('inserting text as markup is rejected', async () => {
  const ways = [
    'node.innerHTML = text;',
    "node.innerHTML = '';",
    'node.outerHTML = text;',
    'text = node.innerHTML;',
    "node['innerHTML'] = text;",
    'node[`innerHTML`] = text;',
    'Object.assign(node, { innerHTML: text });',
    "node.insertAdjacentHTML('beforeend', text);",
    'node.setHTMLUnsafe(text);',
    'node = Document.parseHTMLUnsafe(text);',
    "node = new DOMParser().parseFromString(text, 'text/html');",
    'node = document.createRange().createContextualFragment(text);',
    'document.write(text);',
    "document.writeln('text');",
    'window.document.write(text);',
    'node.ownerDocument.write(text);',
    'node.srcdoc = text;',
    "node.setAttribute('srcdoc', text);",
    'text = html`<p .innerHTML=${node}></p>`;',
    'text = html`<iframe srcdoc="${node}"></iframe>`;',
    'text = html`<p>${unsafeHTML(node)}</p>`;',
  ];
  await finds('no-restricted-syntax', ways.map(body));
  await finds('no-unsanitized/property', ['node.innerHTML = text;', 'node.outerHTML += text;'].map(body));
  const calls = ["node.insertAdjacentHTML('beforeend', text);", 'document.write(text);', 'node = import(text);'];
  await finds('no-unsanitized/method', calls.map(body));
});

test('running text as code is rejected', async () => {
  await finds('no-eval', ['eval(text);', 'window.eval(text);', '(0, eval)(text);'].map(body));
  await finds('no-new-func', ['node = new Function(text);', 'node = Function(text);'].map(body));
  const later = ["setTimeout('go()', 1);", 'setTimeout(`go(${text})`, 1);', "window.setInterval('go()', 1);"];
  await finds('no-implied-eval', later.map(body));
  await finds('no-script-url', [body("location.href = 'javascript:go()';")]);
  const attributes = [
    'location.href = `javascript:${text}`;',
    "node.href = ' JavaScript:go()';",
    "node.setAttribute('onclick', text);",
    "node.setAttribute('style', text);",
    'text = html`<p style="color: ${node}"></p>`;',
    'text = html`<b class="a"\n onclick=${node}></b>`;',
    'text = html`<a href="javascript:${node}"></a>`;',
    'text = html`<script>${node}</script>`;',
  ];
  await finds('no-restricted-syntax', attributes.map(body));
});

test('unused, undefined, unclear or overlong code is found', async () => {
  const samples = {
    'no-unused-vars': ["import { a } from './html.js';\n", "import { a as b } from './html.js';\n", 'const a = 1;\n'],
    'no-undef': ['export const a = missing;\n', 'export const home = process.env.HOME;\n'],
    'no-restricted-globals': ['export const a = name;\n', 'export const a = () => event.target;\n'],
    eqeqeq: ['export const isThere = (one) => one != null;\n'],
    'no-var': ['export var a = 1;\n'],
    'prefer-const': ['let a = 1;\nexport default a;\n'],
    'max-lines': ['export {};\n'.repeat(301)],
    'max-len': [`export const a = '${'x'.repeat(120)}';\n`],
  };
  for (const [rule, sources] of Object.entries(samples)) await finds(rule, sources);
});

test('harmless code is accepted', async () => {
  const harmless = [
    'node.textContent = text;',
    "node.setAttribute('aria-label', text);",
    "node.addEventListener('click', () => text);",
    'setTimeout(() => node.append(text), 1);',
    "text += 'innerHTML is not used, nor are javascript: addresses';",
    '// Nothing is given to innerHTML.',
    'text = node.html`<p .style=${text} @click=${node} ?hidden=${!text}>on = ${text}</p>`;',
  ];
  for (const sample of harmless.map(body)) assert.deepEqual(await broken(sample), new Set(), sample);
  assert.deepEqual(await broken("export const home = process.env.HOME ?? '';\n", 'faults/sample.mjs'), new Set());
  assert.deepEqual(await broken(`${'export {};\n'.repeat(300)}`), new Set());
});

test('every script is checked', async () => {
  const isOwn = (path) => !/(^|\/)(node_modules|vendor|var|staticfiles|\.[^/]+)(\/|$)/.test(path);
  const scripts = ['static', 'tests', 'faults', 'benchmarks'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map((path) => join(folder, path))
      .filter((path) => /\.(js|mjs|cjs|jsx)$/.test(path) && isOwn(path)),
  );
  assert.ok(scripts.length > 60, scripts);
  const looked = await Promise.all(scripts.map((path) => eslint.calculateConfigForFile(join(ROOT, path))));
  for (const [index, config] of looked.entries()) assert.ok(config?.rules['no-restricted-syntax'], scripts[index]);
});
