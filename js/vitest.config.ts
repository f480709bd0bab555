import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { WIDGET_FILE: JSON.stringify("hashed/widget-test.js") }, // as build.mjs does
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "happy-dom",
    environmentOptions: {
      happyDOM: { settings: { handleDisabledFileLoadingAsSuccess: true } },
    },
  },
});
