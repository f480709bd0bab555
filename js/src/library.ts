/**
 * The modules that an element's bare imports may name: one lit, one livestate-nb for the page.
 * It knows nothing of how an element's module finds them.
 */

import * as lit from "lit";
import * as decorators from "lit/decorators.js";
import * as classMap from "lit/directives/class-map.js";
import * as guard from "lit/directives/guard.js";
import * as ifDefined from "lit/directives/if-defined.js";
import * as keyed from "lit/directives/keyed.js";
import * as live from "lit/directives/live.js";
import * as ref from "lit/directives/ref.js";
import * as repeat from "lit/directives/repeat.js";
import * as styleMap from "lit/directives/style-map.js";
import * as unsafeHtml from "lit/directives/unsafe-html.js";
import * as until from "lit/directives/until.js";
import * as when from "lit/directives/when.js";
import * as livestate from "./index";

/** The modules by the names that elements import. */
export const LIBRARY: Readonly<Record<string, object>> = {
  lit,
  "lit/decorators.js": decorators,
  "lit/directives/class-map.js": classMap,
  "lit/directives/guard.js": guard,
  "lit/directives/if-defined.js": ifDefined,
  "lit/directives/keyed.js": keyed,
  "lit/directives/live.js": live,
  "lit/directives/ref.js": ref,
  "lit/directives/repeat.js": repeat,
  "lit/directives/style-map.js": styleMap,
  "lit/directives/unsafe-html.js": unsafeHtml,
  "lit/directives/until.js": until,
  "lit/directives/when.js": when,
  "livestate-nb": livestate,
};
