/**
 * Measures what pages load of what build.mjs has built: bytes, each file gzipped as the server
 * sends it. It knows nothing of how the files are made.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const IMPORT = /\b(?:from|import)\s*"(\.[^"]+)"/g;

export function sizes(root) {
  const page = join(root, "page");
  const hashed = join(page, "hashed");
  const widget = readdirSync(hashed).find((name) => name.startsWith("widget-"));
  return {
    loader: total([join(root, "loader.js")]),
    "widget, first load": total(closure(join(hashed, widget))),
    "livestate.js": total(closure(join(page, "livestate.js"))),
    "livestate-nb/ui.js": total(closure(join(page, "livestate-nb/ui.js"))),
    "served.js": total(closure(join(page, "served.js"))),
    card: total([join(root, "card.js")]),
    "widget, all in one file": total([join(root, "widget.js")]),
  };
}

/** Returns a module and all that it imports at once, by their paths. */
function closure(path, seen = new Set()) {
  if (!seen.has(path)) {
    seen.add(path);
    for (const [, name] of readFileSync(path, "utf8").matchAll(IMPORT)) {
      closure(join(dirname(path), name), seen);
    }
  }
  return seen;
}

function total(paths) {
  return [...paths].reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
}
