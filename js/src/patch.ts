/**
 * RFC 6902 JSON Patch, applied immutably: what a patch does not touch keeps its identity.
 * It knows nothing of channels, versions or elements.
 */

import { isObject, type Json } from "./json";

/** One operation of RFC 6902 section 4; `path` and `from` are JSON Pointers (RFC 6901). */
export type Operation =
  | { op: "add" | "replace" | "test"; path: string; value: Json }
  | { op: "remove"; path: string }
  | { op: "move" | "copy"; from: string; path: string };

/** Thrown when an operation cannot be applied; the document is as it was. */
export class PatchError extends Error {
  override readonly name = "PatchError";
  /** The operation that failed. */
  readonly operation: Json;
  /** Its place in the patch, from 0. */
  readonly index: number;

  constructor(index: number, operation: Json, reason: string) {
    const { op, path } = isObject(operation) ? operation : { op: undefined, path: undefined };
    super(`Cannot apply operation ${index} (${op} ${JSON.stringify(path)}): ${reason}`);
    this.operation = operation;
    this.index = index;
  }
}

/**
 * Applies a patch and returns the new document; `document` itself is never changed.
 *
 * Every part that no operation names, holds or lies in is the same object in both documents, and
 * each container that changes is copied once, however many operations touch it. Either all
 * operations are applied or none.
 *
 * @param document a JSON value
 * @param patch RFC 6902 operations; their values become part of the new document
 * @throws PatchError naming the first operation that is malformed, names a place that does not
 *   exist, or is a `test` that fails
 */
export function applyPatch(document: Json, patch: readonly Operation[]): Json {
  const draft = new Draft(document);
  patch.forEach((operation, index) => {
    try {
      draft.apply(operation);
    } catch (error) {
      throw new PatchError(index, operation, error instanceof Error ? error.message : `${error}`);
    }
  });
  return draft.document;
}

/** A document under change: containers made for this patch are changed, all others copied first. */
class Draft {
  #made = new Set<object>();

  constructor(public document: Json) {}

  apply(operation: Operation): void {
    if (!isObject(operation)) throw new Error("it is not an object");
    const tokens = parsePointer(operation.path);
    switch (operation.op) {
      case "add":
        this.#add(tokens, operand(operation));
        break;
      case "replace":
        this.#replace(tokens, operand(operation));
        break;
      case "remove":
        this.#remove(tokens);
        break;
      case "move":
        this.#move(parsePointer(operation.from), tokens);
        break;
      case "copy":
        this.#copy(parsePointer(operation.from), tokens);
        break;
      case "test":
        if (!isEqual(this.#read(tokens), operand(operation))) {
          throw new Error("the value there is another");
        }
        break;
      default:
        throw new Error("there is no such operation");
    }
  }

  #add(tokens: string[], value: Json): void {
    if (tokens.length === 0) {
      this.document = value;
      return;
    }
    const { container, key } = this.#place(tokens);
    if (Array.isArray(container)) {
      const index = key === "-" ? container.length : indexOf(key, container.length);
      container.splice(index, 0, value);
    } else {
      setMember(container, key, value);
    }
  }

  #replace(tokens: string[], value: Json): void {
    if (tokens.length === 0) {
      this.document = value;
      return;
    }
    const { container, key } = this.#place(tokens);
    child(container, key);
    setMember(container, key, value);
  }

  /** Removes and returns what is there; without its root a document is null. */
  #remove(tokens: string[]): Json {
    if (tokens.length === 0) {
      const whole = this.document;
      this.document = null;
      return whole;
    }
    const { container, key } = this.#place(tokens);
    const value = child(container, key);
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else delete container[key];
    return value;
  }

  #move(from: string[], to: string[]): void {
    const isInside = from.length < to.length && from.every((token, i) => token === to[i]);
    if (isInside) throw new Error("a value cannot be moved into itself");
    if (from.length === to.length && from.every((token, i) => token === to[i])) {
      this.#read(from);
      return;
    }
    this.#add(to, this.#remove(from));
  }

  #copy(from: string[], to: string[]): void {
    const value = this.#read(from);
    // From here on the value stands in two places: what was made so far must be copied again
    // before it is changed, or a change of the one would show in the other.
    this.#made.clear();
    this.#add(to, value);
  }

  #read(tokens: string[]): Json {
    return tokens.reduce(child, this.document);
  }

  /** Finds the container of a place, ready to be changed, and the key in it. */
  #place(tokens: string[]): { container: Json; key: string } {
    let container = this.#own(this.document);
    this.document = container;
    for (const token of tokens.slice(0, -1)) {
      const inner = this.#own(child(container, token));
      setMember(container, token, inner);
      container = inner;
    }
    if (typeof container !== "object" || container === null) {
      throw new Error(`${JSON.stringify(container)} is neither an object nor a list`);
    }
    return { container, key: tokens[tokens.length - 1] as string };
  }

  #own(value: Json): Json {
    if (typeof value !== "object" || value === null || this.#made.has(value)) return value;
    const copy = Array.isArray(value) ? value.slice() : { ...value };
    this.#made.add(copy);
    return copy;
  }
}

/** Splits a JSON Pointer into its tokens (RFC 6901 sections 3 and 4). */
function parsePointer(pointer: unknown): string[] {
  if (pointer === "") return [];
  if (typeof pointer !== "string" || pointer[0] !== "/" || /~(?![01])/.test(pointer)) {
    throw new Error(`${JSON.stringify(pointer)} is not a JSON Pointer`);
  }
  const tokens = pointer.slice(1).split("/");
  return pointer.includes("~")
    ? tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
    : tokens;
}

/** Returns the member of a container; only own members exist, so prototypes are out of reach. */
function child(container: Json, key: string): Json {
  if (Array.isArray(container)) return container[indexOf(key, container.length - 1)];
  if (isObject(container) && Object.hasOwn(container, key)) return container[key];
  throw new Error(`nothing is at ${JSON.stringify(key)}`);
}

function indexOf(token: string, last: number): number {
  if (!/^(0|[1-9]\d*)$/.test(token)) throw new Error(`${JSON.stringify(token)} is not an index`);
  const index = Number(token);
  if (index > last) throw new Error(`index ${token} is out of bounds`);
  return index;
}

/** Sets a member, whatever its name. */
export function setMember(container: Json, key: string, value: Json): void {
  if (key === "__proto__") {
    // Assignment would set the prototype.
    Object.defineProperty(container, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    container[key] = value;
  }
}

function operand(operation: { value: Json }): Json {
  if (operation.value === undefined) throw new Error("it has no value");
  return operation.value;
}

/** Compares two JSON values as RFC 6902 section 4.6 says. */
function isEqual(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => isEqual(item, other[index]))
    );
  }
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key], other[key]))
  );
}
