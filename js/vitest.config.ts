import { join } from "node:path";
import { defineConfig } from "vitest/config";

const THEIRS = join(import.meta.dirname, "../tests/npm/node_modules/phx-live-state");

export default defineConfig({
  define: { WIDGET_FILE: JSON.stringify("hashed/widget-test.js") }, // as build.mjs does
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    environment: "happy-dom",
    environmentOptions: {
      happyDOM: { settings: { handleDisabledFileLoadingAsSuccess: true } },
    },
    alias: { "phx-live-state": join(THEIRS, "build/src/index.js") },
    // They are published for bundlers: node does not find their files.
    server: { deps: { inline: [/phx-live-state/, /json-joy/] } },
  },
});
