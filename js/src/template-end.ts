/** Ends what sprae does for what is in the page. It knows nothing of states and events. */

/** A node that sprae has started, or that stands for the branches of an `:if`. */
interface Started extends Partial<Disposable> {
  _clauses?: readonly [branch: Partial<Disposable>, isTaken: boolean][];
}

/** Ends what sprae does for a node and all in it. */
export function disposeOf(node: Node & Started): void {
  node[Symbol.dispose]?.();
  // A branch that is a template is no node.
  for (const [branch] of node._clauses ?? []) branch[Symbol.dispose]?.();
  for (const child of node.childNodes) disposeOf(child);
}
