/**
 * Builds what the Python package carries, below livestate_nb/static:
 *
 * - page/: the modules that the Jupyter server gives to pages. What several of them need lies in
 *   chunks, so a page has one lit and one livestate-nb, whatever it loads and in which order. What
 *   lies in page/hashed never changes its content.
 * - loader.js: the widget's start, which loads page/hashed/widget-HASH.js.
 * - widget.js: all in one file, for pages that cannot reach a server with the extension.
 */

import { createHash } from "node:crypto";
import { readFile, rename, rm } from "node:fs/promises";
import { build } from "esbuild";
import { sizes } from "./sizes.mjs";

const STATIC = "../livestate_nb/static";

/** The modules that elements may import by name (library.ts), each with an address of its own. */
const LIBRARIES = [
  "lit",
  "lit/decorators.js",
  "lit/directives/class-map.js",
  "lit/directives/guard.js",
  "lit/directives/if-defined.js",
  "lit/directives/keyed.js",
  "lit/directives/live.js",
  "lit/directives/ref.js",
  "lit/directives/repeat.js",
  "lit/directives/style-map.js",
  "lit/directives/unsafe-html.js",
  "lit/directives/until.js",
  "lit/directives/when.js",
];

const OPTIONS = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  logLevel: "warning",
};

await rm(STATIC, { recursive: true, force: true });

await build({
  ...OPTIONS,
  entryPoints: [
    { in: "src/widget.ts", out: "hashed/widget" },
    { in: "src/served.ts", out: "served" },
    { in: "src/index.ts", out: "livestate" },
    ...LIBRARIES.map((name) => ({ in: name, out: name.replace(/\.js$/, "") })),
  ],
  splitting: true,
  chunkNames: "hashed/[name]-[hash]",
  outdir: `${STATIC}/page`,
});

// It imports chunks by their hashes, so its own stands for all that it loads.
const entry = `${STATIC}/page/hashed/widget.js`;
const hash = createHash("sha256")
  .update(await readFile(entry))
  .digest("hex")
  .slice(0, 8);
const widget = `hashed/widget-${hash}.js`;
await rename(entry, `${STATIC}/page/${widget}`);

await build({
  ...OPTIONS,
  entryPoints: ["src/loader.ts"],
  define: { WIDGET_FILE: JSON.stringify(widget) },
  outfile: `${STATIC}/loader.js`,
});

await build({ ...OPTIONS, entryPoints: ["src/widget.ts"], outfile: `${STATIC}/widget.js` });

for (const [what, bytes] of Object.entries(await sizes(STATIC))) {
  console.log(`${String(bytes).padStart(6)} bytes gzipped: ${what}`);
}
