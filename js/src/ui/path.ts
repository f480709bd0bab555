/**
 * Paths: the part of a state that an element shows. It knows nothing of elements.
 */

import type { Json } from "../json";
import { follow, parsePath } from "../selection";

/**
 * What leads to a part of a state: a path such as `user.name`, `rows[0]["first name"]`, `""` for all
 * of it, or the list of its keys.
 */
export type Path = string | readonly (string | number)[];

/**
 * Returns the keys of a path.
 * @throws Error for text that is no path
 */
export function keysOf(path: Path): readonly (string | number)[] {
  return typeof path === "string" ? parsePath(path) : path;
}

/** Returns what a path leads to; undefined if nothing is there. */
export function read(state: Json, path: Path): Json | undefined {
  return follow(state, keysOf(path));
}

/** Returns a path as people read it. */
export function describe(path: Path): string {
  const keys = keysOf(path).map((key) => `${key}`);
  return keys.some((key) => key === "" || key.includes("."))
    ? JSON.stringify(keys)
    : keys.join(".");
}

/** Returns the label of an element that has none: `user.first_name` is "First name". */
export function labelOf(path: Path): string {
  const keys = keysOf(path).map((key) => `${key}`);
  const last = keys.at(-1) ?? "state";
  const words = (/^\d+$/.test(last) ? keys.join(" ") : last).replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
