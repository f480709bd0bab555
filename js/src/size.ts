/**
 * At most how many bytes a value has as JSON text: quicker than writing it.
 * It knows nothing of frames or limits.
 */

import type { Json } from "./json";

/** Arrays and objects in one another that are looked into; a value that holds itself has more. */
const MAX_DEPTH = 100;

/** Of one character: "\u0001" has so many. */
const ESCAPED = 6;

/** The longest number has 24 characters. */
const MAX_NUMBER = 24;

/** Never too few; Infinity for what writing alone can tell, such as a Date or a class of its own. */
export function mostBytes(value: Json, depth = 0): number {
  if (typeof value === "string") return ESCAPED * value.length + 2;
  if (typeof value !== "object" || value === null) return MAX_NUMBER;
  const isList = Array.isArray(value);
  const isPlain = isList || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain || "toJSON" in value || depth === MAX_DEPTH) return Number.POSITIVE_INFINITY;
  let size = 2;
  if (isList) for (const one of value) size += mostBytes(one, depth + 1) + 1;
  else for (const key in value) size += mostBytes(key) + mostBytes(value[key], depth + 1) + 2;
  return size;
}
