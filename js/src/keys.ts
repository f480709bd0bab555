/**
 * Keeps Jupyter's shortcuts from what is typed into an element of ours in a cell.
 * It knows nothing of elements.
 */

/** By this Jupyter knows that keys are not for it. */
const SUPPRESS = "data-lm-suppress-shortcuts";
const FIELDS = "input, textarea, [contenteditable]";
/** Select all, copy, paste, cut, undo, redo: with Ctrl or Cmd. */
const EDITING = /^[acvxyz]$/i;

/**
 * Keeps Jupyter's plain keys ("dd" deletes a cell) from whoever uses the controls of a node, and
 * the keys of editing (Ctrl+A) from whoever types into one of its fields.
 *
 * @returns the end of that
 */
export function claimKeys(node: HTMLElement): () => void {
  let claimed: Element = node;
  const claim = (event: KeyboardEvent) => {
    if (!event.composedPath().includes(node)) return;
    const [target] = event.composedPath();
    const isTyped = target instanceof Element && target.matches(FIELDS);
    const isOurs =
      !(event.ctrlKey || event.metaKey || event.altKey) || (isTyped && EDITING.test(event.key));
    claimed = outermostOf(node);
    claimed.toggleAttribute(SUPPRESS, isOurs);
  };
  // Before Jupyter, which listens on the document.
  window.addEventListener("keydown", claim, { capture: true });
  return () => {
    window.removeEventListener("keydown", claim, { capture: true });
    claimed.removeAttribute(SUPPRESS);
  };
}

/** Returns the element of the document that a node stands in: what its listeners are told of. */
function outermostOf(node: Element): Element {
  const root = node.getRootNode();
  return root instanceof ShadowRoot ? outermostOf(root.host) : node;
}
