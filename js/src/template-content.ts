/**
 * What its author has put into a template's place: brought in to be rendered, and put back when the
 * rendering is dropped. It knows nothing of directives and states.
 */

/** The tag of templates that are elements of their own. */
export const TAG = "live-template";

/** What was in places before they were filled. */
const originals = new WeakMap<ParentNode, readonly Node[]>();

/** A document in which no element comes to life. */
const inert = document.implementation.createHTMLDocument();

/** Replaces what is in a place by what is in its template, if it has one. */
export function fill(place: ParentNode & Node): void {
  const template = templateIn(place);
  originals.set(place, template ? [...place.childNodes] : copyOf(place));
  if (template) place.replaceChildren(document.importNode(template.content, true));
  protectNested(place);
}

/** Brings back what was in a place before it was filled. */
export function restore(place: ParentNode): void {
  place.replaceChildren(...(originals.get(place) ?? place.childNodes));
  originals.delete(place);
}

/** Returns the `<template>` in a place, other than one with directives, which is a part of it. */
export function templateIn(place: ParentNode): HTMLTemplateElement | undefined {
  return [...place.children].find(
    (child) =>
      child instanceof HTMLTemplateElement &&
      !child.getAttributeNames().some((name) => name.startsWith(":")),
  ) as HTMLTemplateElement | undefined;
}

/** Puts the content of templates in a template out of its reach: it is evaluated with their state. */
function protectNested(place: ParentNode): void {
  for (const nested of place.querySelectorAll<HTMLElement>(TAG)) {
    if (originals.has(nested) || templateIn(nested)) continue;
    const template = document.createElement("template");
    template.content.append(...nested.childNodes);
    nested.append(template);
  }
  for (const template of place.querySelectorAll("template")) {
    if (template.parentElement?.localName !== TAG) protectNested(template.content);
  }
}

/** Copies what is in a place; of templates in it that are rendered already, what they had before. */
function copyOf(place: ParentNode & Node): Node[] {
  const copyAll = (nodes: Iterable<Node>) =>
    Array.from(nodes, (node) => inert.importNode(node, true));
  const copies = inert.createDocumentFragment();
  copies.append(...copyAll(place.childNodes));
  const nested = copies.querySelectorAll(TAG);
  place.querySelectorAll(TAG).forEach((one, i) => {
    const original = originals.get(one);
    if (original) nested[i]?.replaceChildren(...copyAll(original));
  });
  return [...copies.childNodes];
}
