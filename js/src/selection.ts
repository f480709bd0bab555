/**
 * Parts of a state: which one is wanted, and whether it is another than before.
 * It knows nothing of who wants it.
 */

import type { Json } from "./json";

/**
 * Which part of a state is wanted: a path such as `user.names[0]` or `rows[0]["first name"]`, or a
 * function of the state, for anything else.
 */
export type Selector<S = Json, T = Json> = string | ((state: S) => T);

const STEP = /(?:^|\.)([\p{ID_Continue}$]+)|\[(?:(\d+)|"([^"]*)"|'([^']*)')\]/uy;

/**
 * Returns the steps of a path.
 * @throws Error for text that is no path
 */
export function parsePath(path: string): string[] {
  const steps: string[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const step = STEP.exec(path)
      ?.slice(1)
      .find((text) => text !== undefined);
    if (step === undefined) {
      throw new Error(
        `expected a path such as user.names[0], got ${JSON.stringify(path)}: for anything else give a function of the state`,
      );
    }
    steps.push(step);
  }
  return steps;
}

/**
 * Returns what the steps of a path lead to; undefined if there is nothing. Each is an own member of
 * what is there, such as the length of a list: prototypes are out of reach.
 */
export function follow(state: Json, steps: readonly (string | number)[]): Json {
  let value = state;
  for (const step of steps) {
    if (value === null || value === undefined || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/**
 * Tells whether two values are the same: identical, or lists or plain objects with identical
 * members, as a function of the state may make anew each time.
 */
export function isSame(one: Json, other: Json): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, i) => Object.is(item, other[i]));
  }
  if (!isPlain(one) || !isPlain(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && Object.is(one[key], other[key]))
  );
}

function isPlain(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A part of a state that is followed from state to state; its value keeps its identity for as long
 * as it is the same.
 *
 * @example
 * const count = new Selection((state) => state.items.length);
 * count.update({ items: ["milk"] }); // true: it is another
 * count.value; // 1
 */
export class Selection<T = Json, S = Json> {
  #read: (state: S) => T;
  #value: T | undefined;
  #failure: { error: unknown } | undefined;

  /** @throws Error if `selector` is text that is no path */
  constructor(selector: Selector<S, T>) {
    if (typeof selector === "function") {
      this.#read = selector;
    } else {
      const steps = parsePath(selector);
      this.#read = (state) => follow(state, steps);
    }
  }

  /**
   * What is selected now; undefined while there is no state, or nothing where the path leads.
   * @throws what the function that selects it has thrown
   */
  get value(): T | undefined {
    if (this.#failure) throw this.#failure.error;
    return this.#value;
  }

  /**
   * Takes a state; undefined means none.
   * @returns whether the value is another than before
   */
  update(state: S | undefined): boolean {
    const hadFailed = this.#failure !== undefined;
    this.#failure = undefined;
    try {
      const value = state === undefined ? undefined : this.#read(state);
      if (isSame(this.#value, value)) return hadFailed;
      this.#value = value;
    } catch (error) {
      this.#failure = { error };
    }
    return true;
  }
}
