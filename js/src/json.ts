/**
 * JSON values as they travel: the only place where `any` is allowed.
 * It knows nothing of channels or documents.
 */

// biome-ignore lint/suspicious/noExplicitAny: a JSON value, whose shape only its user knows
export type Json = any;

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Tells whether `value` is a JSON object (not null, not a list). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
