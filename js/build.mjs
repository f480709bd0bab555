/**
 * Builds what the Python package carries, below livestate_nb/static:
 *
 * - page/: the modules that the Jupyter server gives to pages. What several of them need lies in
 *   chunks, so a page has one lit and one livestate-nb, whatever it loads and in which order. What
 *   lies in page/hashed never changes its content.
 * - loader.js: the widget's start, which loads page/hashed/widget-HASH.js.
 * - card.js: what shows a share, all in one file.
 * - widget.js: all in one file, for pages that cannot reach a server with the extension.
 * - lab/: the extension of JupyterLab, as its server finds it in share/jupyter/labextensions.
 */

import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { sizes } from "./sizes.mjs";

const require = createRequire(import.meta.url);
const STATIC = "../livestate_nb/static";

/**
 * The modules that elements may import by name (library.ts), each with an address of its own:
 * where they come from, by their paths below page/.
 */
const LIBRARIES = {
  livestate: "src/index.ts",
  react: "react",
  "react-dom/client": "react-dom/client",
  "livestate-nb/react": "src/react.ts",
  "livestate-nb/template": "src/template.ts",
  "livestate-nb/ui": "src/ui/index.ts",
  ...Object.fromEntries(
    [
      "lit",
      "lit/decorators",
      "lit/directives/class-map",
      "lit/directives/guard",
      "lit/directives/if-defined",
      "lit/directives/keyed",
      "lit/directives/live",
      "lit/directives/ref",
      "lit/directives/repeat",
      "lit/directives/style-map",
      "lit/directives/unsafe-html",
      "lit/directives/until",
      "lit/directives/when",
    ].map((name) => [name, name === "lit" ? name : `${name}.js`]),
  ),
};

/** Gives all that React, which is CommonJS, exports by its names, where elements import it. */
const namedExports = {
  name: "named exports",
  setup({ onResolve, onLoad }) {
    const namespace = "named-exports";
    onResolve({ filter: /^react(-dom\/client)?$/ }, ({ path, kind }) =>
      kind === "entry-point" || kind === "dynamic-import" ? { path, namespace } : undefined,
    );
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `export { default, ${Object.keys(require(path))} } from "${path}";`,
      resolveDir: import.meta.dirname,
    }));
  },
};

const OPTIONS = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  logLevel: "warning",
  plugins: [namedExports],
};

await rm(STATIC, { recursive: true, force: true });

await build({
  ...OPTIONS,
  entryPoints: [
    { in: "src/widget.ts", out: "hashed/widget" },
    { in: "src/served.ts", out: "served" },
    ...Object.entries(LIBRARIES).map(([out, source]) => ({ in: source, out })),
  ],
  splitting: true,
  chunkNames: "hashed/[name]-[hash]",
  outdir: `${STATIC}/page`,
});

/** Puts the hash of a file's content into its name, and returns that. */
async function hashed(directory, name) {
  const content = await readFile(`${directory}/${name}.js`);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const file = `${name}-${hash}.js`;
  await rename(`${directory}/${name}.js`, `${directory}/${file}`);
  return file;
}

// It imports chunks by their hashes, so its own stands for all that it loads.
const widget = await hashed(`${STATIC}/page`, "hashed/widget");

await build({
  ...OPTIONS,
  entryPoints: ["src/loader.ts"],
  define: { WIDGET_FILE: JSON.stringify(widget) },
  outfile: `${STATIC}/loader.js`,
});

for (const name of ["card", "widget"]) {
  await build({ ...OPTIONS, entryPoints: [`src/${name}.ts`], outfile: `${STATIC}/${name}.js` });
}

await build({
  ...OPTIONS,
  format: "iife",
  entryPoints: { "static/extension": "src/lab/index.ts" },
  outdir: `${STATIC}/lab`,
});
const extension = await hashed(`${STATIC}/lab`, "static/extension");
const { version, description, license } = JSON.parse(await readFile("package.json", "utf8"));
const jupyterlab = { _build: { load: extension, extension: "./extension" } };
const about = { name: "livestate_nb", version, description, license, jupyterlab };
await writeFile(`${STATIC}/lab/package.json`, JSON.stringify(about));

for (const [what, bytes] of Object.entries(await sizes(STATIC))) {
  console.log(`${String(bytes).padStart(6)} bytes gzipped: ${what}`);
}
