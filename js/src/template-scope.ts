/**
 * The names that a template's expressions see: the parts of the state as signals, the template's
 * own variables, and JavaScript's globals. It knows nothing of elements.
 */

import { batch, type Signal, signal } from "@preact/signals-core";
import { isObject, type Json } from "./json";
import type { PaceOptions } from "./pace";
import type { Happening } from "./template-send";

/** Leads from a scope to the template that it belongs to. */
export const HOST: unique symbol = Symbol("livestate template");

/** What is told how expressions fare, which are marked with their places. */
export interface Host {
  /** Is the template in the page? Expressions that read it run again when that changes. */
  readonly isInPage: boolean;
  /** An expression of an element threw. */
  failed(element: Element | undefined, expression: string, error: unknown): void;
  /** It did not. */
  passed(element: Element | undefined, expression: string): void;
  /** An expression of an element decides whether that is in the page. */
  placing(element: Element, expression: string): void;
  /** A node and all in it are gone for good. */
  removed(node: Node): void;
  /** Dispatches an event for what happened to an element, e.g. one with a `:send…` directive. */
  send(name: string, happening: Happening, pace?: PaceOptions): void;
  /** Returns the name of an event of the page, of which an attribute's name knows no capitals. */
  eventNamed(name: string): string;
}

/** Names and their values; `with` in an expression looks them up. */
export type Scope = { [name: string]: Json; [HOST]?: Host };

/** The scope of a whole template. */
export class RootScope {
  readonly scope: Scope;
  #parts = new Map<string, Signal<Json>>();
  #locals = new Map<string, Signal<Json>>();
  #whole = signal<Json>(undefined);

  /** @param given names that are there if the state does not have them */
  constructor(host: Host, given: { readonly [name: string]: unknown }) {
    const read = (name: string): Json => {
      const part = signalOf(this.#parts, name).value;
      if (part !== undefined) return part;
      const local = signalOf(this.#locals, name).value;
      if (local !== undefined) return local;
      if (name === "state") return this.#whole.value;
      return Object.hasOwn(given, name) ? given[name] : readGlobal(name);
    };
    const write = (name: string, value: Json) => {
      if (this.#parts.get(name)?.peek() !== undefined) throw new StateError(name);
      signalOf(this.#locals, name).value = value;
    };
    this.scope = makeScope(host, read, write);
  }

  /** Takes a new state; expressions run again if a part of it that they read is another now. */
  follow(state: Json): void {
    const parts: { [name: string]: Json } = isObject(state) ? state : {};
    batch(() => {
      this.#whole.value = state;
      for (const name of Object.keys(parts)) signalOf(this.#parts, name);
      for (const [name, part] of this.#parts) {
        part.value = Object.hasOwn(parts, name) ? parts[name] : undefined;
      }
    });
  }
}

/** Returns a scope in which some names stand for the values of signals; the rest is `parent`'s. */
export function innerScope(own: { readonly [name: string]: Signal<Json> }, parent: Scope): Scope {
  const read = (name: string): Json => (Object.hasOwn(own, name) ? own[name]?.value : parent[name]);
  const write = (name: string, value: Json) => {
    if (Object.hasOwn(own, name)) throw new StateError(name);
    parent[name] = value;
  };
  return makeScope(parent[HOST] as Host, read, write);
}

/** Thrown when an expression assigns to a part of the state. */
class StateError extends Error {
  override readonly name = "StateError";

  constructor(name: string) {
    super(`"${name}" is part of the state, which only events change: use :sendclick or sendEvent`);
  }
}

function makeScope(
  host: Host,
  read: (name: string) => Json,
  write: (name: string, value: Json) => void,
): Scope {
  return new Proxy(Object.create(null) as Scope, {
    // All names are ours: none is looked up in the page, and none is written there.
    has: () => true,
    get(_, name) {
      if (typeof name === "string") return read(name);
      if (name === HOST) return host;
      // With a tag of its own, sprae takes a scope as it is.
      return name === Symbol.toStringTag ? "Scope" : undefined;
    },
    set(_, name, value) {
      if (typeof name === "string") write(name, value);
      return typeof name === "string";
    },
    deleteProperty(_, name) {
      if (typeof name === "string") write(name, undefined);
      return true;
    },
  });
}

function signalOf(signals: Map<string, Signal<Json>>, name: string): Signal<Json> {
  let found = signals.get(name);
  if (!found) {
    found = signal<Json>(undefined);
    signals.set(name, found);
  }
  return found;
}

/**
 * Returns a global of JavaScript or of the page's scripts. The window's own attributes (`name`,
 * `status`, `event`, `parent`, …) are left out: they would stand in for fields that a state lacks.
 */
function readGlobal(name: string): unknown {
  if (name === "window" || name === "document") return globalThis[name];
  const value = Object.getOwnPropertyDescriptor(globalThis, name)?.value;
  // alert() and the like must be called on the window.
  const isBare = typeof value === "function" && !Object.hasOwn(value, "prototype");
  return isBare ? value.bind(globalThis) : value;
}
