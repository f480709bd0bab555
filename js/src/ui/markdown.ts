/**
 * Markdown as HTML that can't run: what elements load when they show some.
 * It knows nothing of elements.
 */

import createPurifier from "dompurify";
import { Marked } from "marked";

const marked = new Marked({
  gfm: true,
  renderer: { checkbox: ({ checked }) => (checked ? "☑ " : "☐ ") },
});

/** Only what text needs: no form can pose as ours, no style can cover the page. */
const ALLOWED = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["button", "dialog", "form", "input", "option", "select", "style", "textarea"],
  FORBID_ATTR: ["class", "id", "name", "popover", "style"],
  ALLOW_DATA_ATTR: false,
};

const purifier = createPurifier(window);
// Where an element is shown, a link must not take its notebook away.
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.localName !== "a") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
});

/** Returns Markdown as HTML without scripts, styles and forms. */
export function convert(markdown: string): string {
  return purifier.sanitize(marked.parse(markdown, { async: false }), ALLOWED);
}
