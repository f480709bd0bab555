/**
 * Markdown as HTML that can't run, and asks no other server for anything: what elements load when
 * they show some. It knows nothing of elements.
 */

import createPurifier, { type DOMPurify } from "dompurify";
import { Marked } from "marked";

const marked = new Marked({
  gfm: true,
  renderer: { checkbox: ({ checked }) => (checked ? "☑ " : "☐ ") },
});

/** Only what text needs: no form can pose as ours, no style can cover the page. */
const ALLOWED = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["button", "dialog", "form", "input", "option", "select", "style", "textarea"],
  FORBID_ATTR: ["autoplay", "background", "class", "id", "name", "popover", "srcset", "style"],
  ALLOW_DATA_ATTR: false,
};

const [careful, trusting] = [purifier(false), purifier(true)];

/**
 * Returns Markdown as HTML without scripts, styles and forms.
 *
 * @param hasRemoteMedia whether images, sounds and films of other servers are loaded; they become
 *   links otherwise, for who asks for one is known to its server
 */
export function convert(markdown: string, hasRemoteMedia: boolean): string {
  const html = marked.parse(markdown, { async: false });
  return (hasRemoteMedia ? trusting : careful).sanitize(html, ALLOWED);
}

function purifier(hasRemoteMedia: boolean): DOMPurify {
  const made = createPurifier(window);
  made.addHook("afterSanitizeAttributes", (node) => {
    if (node.localName === "a") openElsewhere(node);
    else if (hasRemoteMedia) node.hasAttribute("src") && setSilent(node);
    else replaceRemote(node);
  });
  return made;
}

/** Where an element is shown, a link must not take its notebook away. */
function openElsewhere(link: Element): void {
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer");
}

/** Other servers need not know which page shows what they send. */
function setSilent(media: Element): void {
  media.setAttribute("referrerpolicy", "no-referrer");
  media.setAttribute("loading", "lazy");
}

/** Puts a link in the place of what would be loaded from another server. */
function replaceRemote(node: Element): void {
  if (isRemote(node.getAttribute("poster"))) node.removeAttribute("poster");
  const address = node.getAttribute("src");
  if (address === null || !isRemote(address)) return;
  const media = node.closest("img, audio, video"); // of a <source>, what it is in
  if (media) media.replaceWith(insteadOf(media, address));
  else node.removeAttribute("src");
}

/** Returns a link to media, or only its text: in a link already, or without a valid address. */
function insteadOf(media: Element, address: string): Node {
  const url = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : null;
  const text = `${media.getAttribute("alt") || media.localName} (${url?.host ?? address})`;
  if (!url || media.closest("a")) return media.ownerDocument.createTextNode(text);
  const link = media.ownerDocument.createElement("a");
  link.href = address;
  link.textContent = text;
  link.title = "It is on another server, and was not loaded";
  openElsewhere(link);
  return link;
}

function isRemote(address: string | null): boolean {
  if (address === null) return false;
  if (!URL.canParse(address, document.baseURI)) return true;
  const { origin, protocol } = new URL(address, document.baseURI);
  return origin !== location.origin && protocol !== "data:" && protocol !== "blob:";
}
