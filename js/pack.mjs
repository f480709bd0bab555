/**
 * Builds what the npm package carries, in dist/: each module of the library as a file of its own,
 * so that bundlers leave out what a page does not use, and its declarations. `npm pack` runs it.
 */

import { execFileSync } from "node:child_process";
import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const DIST = "dist";
const { exports } = JSON.parse(await readFile("package.json", "utf8"));

/** The modules that others import. */
const entries = Object.values(exports)
  .flatMap(({ default: file = "" }) => file.match(/^\.\/dist\/(.+)\.js$/)?.slice(1) ?? [])
  .map((name) => `./src/${name}.ts`);

const OPTIONS = {
  bundle: true,
  packages: "external",
  format: "esm",
  target: "es2022",
  outbase: "src",
  outdir: DIST,
};

/** Browsers and node want the full names of files; the sources leave the ending out, as bundlers may. */
const named = {
  name: "full names",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, kind }) =>
      kind === "entry-point" ? undefined : { path: `${path}.js`, external: true },
    );
  },
};

await rm(DIST, { recursive: true, force: true });
const { metafile } = await build({
  ...OPTIONS,
  entryPoints: entries,
  metafile: true,
  write: false,
});
await build({
  ...OPTIONS,
  entryPoints: Object.keys(metafile.inputs).map((source) => `./${source}`),
  plugins: [named],
});

const project = `${DIST}/tsconfig.json`;
const compilerOptions = {
  noEmit: false,
  declaration: true,
  emitDeclarationOnly: true,
  rootDir: "../src",
  outDir: ".",
};
const files = entries.map((entry) => `.${entry}`);
await writeFile(
  project,
  JSON.stringify({ extends: "../tsconfig.json", compilerOptions, files, include: [] }),
);
execFileSync("node_modules/.bin/tsc", ["-p", project], { stdio: "inherit" });
await rm(project);
for (const file of await readdir(DIST, { recursive: true })) {
  if (!file.endsWith(".d.ts")) continue;
  const path = join(DIST, file);
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/((?:from |import\()"\.\.?\/[^"]+)"/g, '$1.js"'));
}
await copyFile("../LICENSE", `${DIST}/LICENSE`);
