/** What a test sees of a page with shadow roots. */

import type { Link } from "./server";

/** Returns the text that is shown in a node, its shadow roots included and hidden parts left out. */
export function textOf(node: Node): string {
  if (node instanceof HTMLElement && (node.hidden || node.localName === "style")) return "";
  if (node.nodeType === 3) return node.textContent ?? "";
  return shownIn(node).map(textOf).join(" ").replace(/\s+/g, " ").trim();
}

/** Returns the nodes that a node shows: those of its shadow root, those that its slot got. */
function shownIn(node: Node): Node[] {
  if (node instanceof HTMLSlotElement) return node.assignedNodes();
  const root = node instanceof HTMLElement && node.shadowRoot ? node.shadowRoot : node;
  return [...root.childNodes];
}

/** Returns the nodes that match, in all shadow roots. */
export function findAll(node: Node, selector: string): HTMLElement[] {
  return shownIn(node).flatMap((child) =>
    child instanceof HTMLElement
      ? [...(child.matches(selector) ? [child] : []), ...findAll(child, selector)]
      : [],
  );
}

export function find<T extends HTMLElement = HTMLElement>(node: Node, selector: string): T {
  const [found] = findAll(node, selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return found as T;
}

export function submit(form: HTMLElement): void {
  form.dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
}

/** Answers the next event as a server whose handler raised. */
export async function raise(link: Link, event: string, message: string): Promise<void> {
  const push = await link.take(`lvs_evt:${event}`);
  link.reply(push, { type: "ValueError", event, message }, "error");
}

/** Writes the page's config, as JupyterLab does. */
export function configure(config: object): void {
  const script = document.createElement("script");
  script.id = "jupyter-config-data";
  script.type = "application/json";
  script.textContent = JSON.stringify(config);
  document.head.replaceChildren(script);
}
