#!/usr/bin/env bash
# Believed: `this.#timer ??= start()` reads the private field to decide whether to write it, so the field is used.
# Is so: `no-unused-private-class-members` (in ESLint's recommended set) treats `??=`, `||=` and `&&=` only as writes,
#   and reports the field as unused. It does not report the equivalent `if (!this.#timer) this.#timer = start()`.
# Versions: ESLint 10.15.0, Node 20.20.
# Seen: in a store that starts at most one timer.
# Why it matters: the rule fails a build because of a field whose value changes the behavior of the program. Removing
#   the field, as the rule advises, would break the program.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund eslint@10.15.0 @eslint/js@10.0.1
cat > eslint.config.mjs <<'CONFIG'
import js from '@eslint/js';
export default [{ rules: { 'no-unused-private-class-members': js.configs.recommended.rules['no-unused-private-class-members'] } }];
CONFIG
class() { printf 'export class Once {\n  #timer = null;\n  start(begin) {\n    %s\n  }\n}\n' "$1"; }
class 'this.#timer ??= begin();' > nullish.js
class 'this.#timer ||= begin();' > or.js
class 'this.#timer &&= begin();' > and.js
class 'if (!this.#timer) this.#timer = begin();' > tested.js
reported=$(npx --no-install eslint --format json . | node -e '
  const files = JSON.parse(require("fs").readFileSync(0));
  for (const { filePath, messages } of files)
    console.log(require("path").basename(filePath), messages.map((one) => one.ruleId).join() || "nothing");
' || true)
echo "$reported"
test "$(grep -c 'no-unused-private-class-members' <<<"$reported")" -eq 3
grep -q '^tested.js nothing$' <<<"$reported"
