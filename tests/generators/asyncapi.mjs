/** Read an AsyncAPI document and print its diagnostics, and the schemas of its messages: node asyncapi.mjs DOCUMENT */
import { readFileSync } from 'node:fs';

import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], 'utf8'));
const operations = document?.operations().all() ?? [];
console.log(
  JSON.stringify({
    diagnostics: diagnostics.map(({ code, message }) => [code, message]),
    servers: document
      ?.servers()
      .all()
      .map((one) => one.pathname()),
    license: document?.info().license()?.name(),
    operations: operations.map((one) => ({
      name: one.id(),
      action: one.action(),
      messages: one
        .messages()
        .all()
        .map((message) => message.name()),
      replies:
        one
          .reply()
          ?.messages()
          .all()
          .map((message) => message.name()) ?? [],
    })),
  }),
);
