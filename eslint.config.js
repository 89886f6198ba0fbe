/** Rules for the content of scripts. Their format is checked by prettier. */

import { fileURLToPath } from 'node:url';

import js from '@eslint/js';
import { defineConfig, globalIgnores, includeIgnoreFile } from 'eslint/config';
import noUnsanitized from 'eslint-plugin-no-unsanitized';
import globals from 'globals';

/** Names of browser functions that turn text into markup. `no-unsanitized` allows some, and all constants. */
const MARKUP = [
  'innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|parseHTMLUnsafe',
  'srcdoc|DOMParser|parseFromString|createContextualFragment|unsafe(HTML|SVG|MathML|Static)',
].join('|');

/** Return a selector for text in templates of lit-html. */
const inTemplate = (pattern) => `TaggedTemplateExpression TemplateElement[value.cooked=/${pattern}/i]`;

const WAYS_TO_MARKUP = [
  `Identifier[name=/^(${MARKUP})$/]`,
  `Literal[value=/^(${MARKUP})$/]`,
  `TemplateElement[value.cooked=/^(${MARKUP})$/]`,
  inTemplate('[\\s.](innerHTML|outerHTML|srcdoc)\\s*='),
  'MemberExpression[object.name="document"][property.name=/^write(ln)?$/]',
  'MemberExpression[object.property.name=/^(owner|content)?document$/i][property.name=/^write(ln)?$/]',
];

const WAYS_TO_CODE = [
  inTemplate('\\s(on[a-z]+|style)\\s*='),
  inTemplate('<(script|style)\\b'),
  'Literal[value=/^\\s*javascript:/i]',
  'TemplateElement[value.cooked=/(^|=["\']?)\\s*javascript:/i]',
  'CallExpression[callee.property.name=/^setAttribute(NS)?$/] > Literal[value=/^(on[a-z]+|style)$/i]',
];

const restricted = (selectors, message) => selectors.map((selector) => ({ selector, message }));

/** Browser globals with the names of common variables. Their use almost always means a forgotten declaration. */
const CONFUSING = ['event', 'find', 'length', 'name', 'open', 'origin', 'parent', 'status', 'stop', 'top'];

export default defineConfig([
  includeIgnoreFile(fileURLToPath(new URL('.gitignore', import.meta.url))),
  globalIgnores(['static/vendor/']),
  js.configs.recommended,
  noUnsanitized.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-script-url': 'error',
      'no-restricted-syntax': [
        'error',
        ...restricted(WAYS_TO_MARKUP, 'Text must not become markup: create elements instead.'),
        ...restricted(WAYS_TO_CODE, 'Text must not become code or style.'),
      ],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: 300 }],
      'max-len': ['error', { code: 120 }],
    },
  },
  {
    files: ['static/**'],
    languageOptions: { globals: globals.browser },
    rules: { 'no-restricted-globals': ['error', ...CONFUSING] },
  },
  { ignores: ['static/**'], languageOptions: { globals: globals.node } },
]);
