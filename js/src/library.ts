/**
 * The modules that an element's bare imports may name: one lit, one livestate-nb for the page.
 * Those that few elements need are loaded when the first one does: build.mjs makes files of them.
 * It knows nothing of how an element's module finds them.
 */

import * as lit from "lit";
import * as livestate from "./index";

/** The modules by the names that elements import, each with what loads it. */
export const LIBRARY: Readonly<Record<string, () => Promise<object>>> = {
  lit: async () => lit,
  "lit/decorators.js": () => import("lit/decorators.js"),
  "lit/directives/class-map.js": () => import("lit/directives/class-map.js"),
  "lit/directives/guard.js": () => import("lit/directives/guard.js"),
  "lit/directives/if-defined.js": () => import("lit/directives/if-defined.js"),
  "lit/directives/keyed.js": () => import("lit/directives/keyed.js"),
  "lit/directives/live.js": () => import("lit/directives/live.js"),
  "lit/directives/ref.js": () => import("lit/directives/ref.js"),
  "lit/directives/repeat.js": () => import("lit/directives/repeat.js"),
  "lit/directives/style-map.js": () => import("lit/directives/style-map.js"),
  "lit/directives/unsafe-html.js": () => import("lit/directives/unsafe-html.js"),
  "lit/directives/until.js": () => import("lit/directives/until.js"),
  "lit/directives/when.js": () => import("lit/directives/when.js"),
  "livestate-nb": async () => livestate,
  "livestate-nb/react": () => import("./react"),
  "livestate-nb/template": () => import("./template"),
  "livestate-nb/ui": () => import("./ui/index"),
  react: () => import("react"),
  "react-dom/client": () => import("react-dom/client"),
};
