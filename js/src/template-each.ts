/**
 * `:each`: a row for each item of a list. A row stays with its item wherever that goes, so that
 * neither focus nor what is being typed is lost. It knows nothing of states and events.
 */

import { batch, effect, type Signal, signal, untracked } from "@preact/signals-core";
import sprae, { _state, parse } from "sprae/core";
import { isObject, type Json } from "./json";
import { disposeOf } from "./template-end";
import { HOST, type Host, innerScope, type Scope } from "./template-scope";

interface Row {
  item: Signal<Json>;
  index: Signal<Json>;
  /** An empty text in front of the row's nodes, of which `:if` may take some away for a while. */
  start: Text;
  /** Ends the row's directives. */
  end: () => void;
}

/** An item of a list, an object or a number, with its index. */
type Entry = readonly [index: Json, item: Json];

const SYNTAX = /^\s*\(?\s*([\w$]+)\s*(?:,\s*([\w$]+)\s*)?\)?\s+(?:in|of)\s+([\s\S]+)$/;

/**
 * Repeats an element, or what is in a `<template>`, as `:each="item in items"` or
 * `:each="(item, index) in items"` says; the index is `$` if it has no name.
 *
 * sprae's own `:each` makes all rows anew when a list is another, and takes the "in" of
 * "item in invoices" for two.
 *
 * @returns the end of it, after which `element` stands in its place again
 */
export function each(element: Element, expression: string, scope: Scope): () => void {
  const [, item, index = "$", list] = SYNTAX.exec(expression) ?? [];
  if (item === undefined || list === undefined) {
    const error = new SyntaxError('expected "item in items" or "(item, index) in items"');
    scope[HOST]?.failed(element, expression, error);
    return () => {};
  }
  const rows = new Rows(element, scope, (row) =>
    innerScope({ [item]: row.item, [index]: row.index }, scope),
  );
  const evaluate = parse(list).bind(element);
  scope[HOST]?.placing(element, list.trim());
  const stop = effect(() => {
    const entries = entriesOf(evaluate(scope));
    untracked(() => rows.show(entries));
  });
  return () => {
    stop();
    rows.end();
    scope[HOST]?.removed(element);
  };
}

/** The rows that stand in an element's place. */
class Rows {
  #element: Element;
  #host: Host | undefined;
  #scopeOf: (row: Row) => Scope;
  #end = document.createTextNode("");
  #rows: Row[] = [];
  #starts = new Set<Node>();

  constructor(element: Element, scope: Scope, scopeOf: (row: Row) => Scope) {
    this.#element = element;
    this.#host = scope[HOST];
    this.#scopeOf = scopeOf;
    element.replaceWith(this.#end);
    // For sprae to leave its other directives to the rows.
    Object.assign(element, { [_state]: scope });
  }

  /** Makes the rows those of a list. */
  show(entries: readonly Entry[]): void {
    const kept = match(this.#rows, entries);
    const isKept = new Set(kept);
    for (const row of this.#rows) if (!isKept.has(row)) this.#remove(row);
    keepFocus(this.#end, () => this.#place(kept));
    batch(() => {
      kept.forEach((row, i) => {
        if (row) [row.index.value, row.item.value] = entries[i] as Entry;
      });
    });
    // Where a new row goes: in front of the next one that was kept.
    const nexts: Node[] = [];
    let next: Node = this.#end;
    for (const row of [...kept].reverse()) {
      nexts.push(next);
      next = row?.start ?? next;
    }
    nexts.reverse();
    this.#rows = entries.map((entry, i) => kept[i] ?? this.#add(entry, nexts[i] as Node));
  }

  end(): void {
    for (const row of this.#rows) this.#remove(row);
    this.#rows = [];
    // An :if on it brings it back by itself.
    if ("_holder" in this.#element) this.#end.remove();
    else this.#end.replaceWith(this.#element);
  }

  #add([index, item]: Entry, next: Node): Row {
    const start = document.createTextNode("");
    const { content } = this.#element as Partial<HTMLTemplateElement>;
    const childNodes = content
      ? [...document.importNode(content, true).childNodes]
      : [this.#element.cloneNode(true)];
    // Not the element itself, of which an :if makes something else.
    const whole = { childNodes } as unknown as Element & Disposable;
    const row = { item: signal(item), index: signal(index), start, end: () => disposeOf(whole) };
    this.#starts.add(start);
    for (const node of [start, ...childNodes]) this.#end.parentNode?.insertBefore(node, next);
    sprae(whole, this.#scopeOf(row));
    return row;
  }

  #remove(row: Row): void {
    row.end();
    for (const node of this.#nodesOf(row)) {
      disposeOf(node);
      this.#host?.removed(node);
      node.remove();
    }
    this.#starts.delete(row.start);
  }

  #nodesOf(row: Row): ChildNode[] {
    const nodes: ChildNode[] = [row.start];
    let node = row.start.nextSibling;
    while (node && node !== this.#end && !this.#starts.has(node)) {
      nodes.push(node);
      node = node.nextSibling;
    }
    return nodes;
  }

  /** Brings rows into an order, moving those only that stand in another. */
  #place(rows: readonly (Row | undefined)[]): void {
    let next: Node = this.#end;
    for (const row of [...rows].reverse()) {
      if (!row) continue;
      const nodes = this.#nodesOf(row);
      if (nodes.at(-1)?.nextSibling !== next) for (const node of nodes) moveBefore(node, next);
      next = row.start;
    }
  }
}

/**
 * Finds the old row of each entry: the one with the very same item, or one whose item has the same
 * `id` or `key`; items without any take the rows that are left, in their order.
 */
function match(rows: readonly Row[], entries: readonly Entry[]): (Row | undefined)[] {
  const free = new Set(rows);
  const take = (row: Row | undefined) => {
    if (row) free.delete(row);
    return row;
  };
  const found = new Array<Row | undefined>(entries.length).fill(undefined);
  for (const nameOf of [(item: Json) => item, keyOf]) {
    const byName = new Map<Json, Row[]>();
    for (const row of free) {
      const name = nameOf(row.item.peek());
      if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), row]);
    }
    entries.forEach(([, item], i) => {
      found[i] ??= take(byName.get(nameOf(item))?.shift());
    });
  }
  const left = [...free].filter(({ item }) => keyOf(item.peek()) === undefined);
  entries.forEach(([, item], i) => {
    if (keyOf(item) === undefined) found[i] ??= take(left.shift());
  });
  return found;
}

function keyOf(item: Json): Json {
  return isObject(item) ? (item.id ?? item.key ?? undefined) : undefined;
}

function entriesOf(value: Json): Entry[] {
  if (typeof value === "number") return Array.from({ length: value }, (_, i) => [i, i + 1]);
  if (isObject(value)) return Object.entries(value);
  return Array.from(value ?? [], (item, i) => [i, item]);
}

/** Moves a node within its parent; where browsers can, it keeps focus, scrolling and animations. */
function moveBefore(node: ChildNode, next: Node): void {
  const parent = next.parentNode as Node & Partial<ParentNode>;
  if (parent.moveBefore) parent.moveBefore(node, next);
  else parent.insertBefore(node, next);
}

/** Gives the focus back if moving nodes has taken it. */
function keepFocus(near: Node, move: () => void): void {
  const root = near.getRootNode() as Partial<DocumentOrShadowRoot>;
  const { activeElement } = root;
  move();
  if (activeElement?.isConnected && root.activeElement !== activeElement) {
    (activeElement as HTMLElement).focus({ preventScroll: true });
  }
}
