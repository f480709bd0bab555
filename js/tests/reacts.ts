/** The React face, built with one version of React or another. */

import { join } from "node:path";
import { build } from "esbuild";

const SOURCE = `
  export * from "./src/react";
  export { LiveState } from "./src/live-state";
  export { createElement, StrictMode, useState, version } from "react";
  export { createRoot } from "react-dom/client";
  export { renderToString } from "react-dom/server";`;

/** What a page that uses React and our face has. */
export type Reacts = typeof import("../src/react") &
  Pick<typeof import("../src/live-state"), "LiveState"> &
  Pick<typeof import("react"), "createElement" | "StrictMode" | "useState" | "version"> &
  Pick<typeof import("react-dom/client"), "createRoot"> &
  Pick<typeof import("react-dom/server"), "renderToString">;

/** Builds and loads the face with React 18 or 19, as a page's bundler would. */
export async function loadReact(version: 18 | 19): Promise<Reacts> {
  // Among the packages, which vitest leaves to node.
  const outfile = join(process.cwd(), "node_modules", ".faces", `react-${version}.mjs`);
  await build({
    stdin: { contents: SOURCE, resolveDir: process.cwd(), loader: "ts" },
    alias: version === 18 ? { react: "react-18", "react-dom": "react-dom-18" } : {},
    bundle: true,
    define: { "process.env.NODE_ENV": '"development"' },
    format: "esm",
    logLevel: "error",
    outfile,
  });
  return import(/* @vite-ignore */ outfile);
}
