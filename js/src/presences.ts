/**
 * Who is present on a topic, as the channel tells it (Phoenix.Presence). It knows nothing of sockets.
 */

import { isObject, type Json, type JsonObject } from "./json";
import { PRESENCE_DIFF, PRESENCE_STATE } from "./wire";

/** The metas of each who is present, by key: those of a user's tabs, in the order they came. */
export type Presences = Readonly<Record<string, readonly JsonObject[]>>;

/**
 * Returns who is present after a message of the channel; `before` itself where it tells nothing of
 * that. Metas are the same ones by their `phx_ref` (phoenix presence.js, syncDiff).
 */
export function present(before: Presences, event: string, payload: Json): Presences {
  if (event === PRESENCE_STATE) return Object.fromEntries(entries(payload));
  if (event !== PRESENCE_DIFF || !isObject(payload)) return before;
  const after = new Map(Object.entries(before));
  // Joins first: who only changes keeps the place among the others.
  for (const [key, metas] of entries(payload.joins)) change(after, key, metas, metas);
  for (const [key, metas] of entries(payload.leaves)) change(after, key, metas, []);
  return Object.fromEntries(after);
}

/** Takes metas of a key out, and puts others at the end. */
function change(
  presences: Map<string, readonly JsonObject[]>,
  key: string,
  out: readonly JsonObject[],
  others: readonly JsonObject[],
): void {
  const refs = new Set(out.map((meta) => meta.phx_ref));
  const kept = (presences.get(key) ?? []).filter((meta) => !refs.has(meta.phx_ref));
  const metas = [...kept, ...others];
  if (metas.length > 0) presences.set(key, metas);
  else presences.delete(key);
}

function entries(presences: Json): [string, readonly JsonObject[]][] {
  if (!isObject(presences)) return [];
  return Object.entries(presences).map(([key, one]) => [
    key,
    isObject(one) && Array.isArray(one.metas) ? one.metas.filter(isObject) : [],
  ]);
}
