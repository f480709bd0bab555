/**
 * Changes of a state that is shared: written as if in place, made in copies of what they touch.
 * It knows nothing of what they are for.
 */

import { isObject, type Json } from "./json";
import { setMember } from "./patch";
import { isSame } from "./selection";

/** What makes another state: returns it, or writes into the draft that it gets. */
export type Effect<S, A extends unknown[] = []> = (
  draft: S,
  ...args: A
  // biome-ignore lint/suspicious/noConfusingVoidType: what a function without a return returns
) => S | void;

/** A part of a state that was looked at: what it is, and the copy that is written to. */
interface Draft {
  readonly base: Json;
  readonly copy: Json;
}

/**
 * Returns the state that `effect` makes of `state`: what it returns, or else what it wrote into the
 * draft that it was given. `state` is never changed, and what is not touched keeps its identity.
 *
 * @throws what `effect` throws; Error if it returns a promise
 *
 * @example
 * const state = { items: ["milk"], other: {} };
 * const changed = change(state, (draft) => { draft.items.push("tea") });
 * changed.items; // ["milk", "tea"]
 * changed.other === state.other; // true
 */
export function change<S>(state: S, effect: Effect<S>): S {
  const drafts = new Map<Json, Draft>();

  const open = (base: Json): Json => {
    if (!isContainer(base)) return base;
    const copy: Json = Array.isArray(base) ? base.slice() : { ...base };
    const draft = new Proxy(copy, {
      get(_, key) {
        const member = Reflect.get(copy, key);
        if (!isContainer(member) || drafts.has(member) || !Object.hasOwn(copy, key)) return member;
        const inner = open(member);
        setMember(copy, key as string, inner);
        return inner;
      },
    });
    drafts.set(draft, { base, copy });
    return draft;
  };

  /** Puts what became of them in the place of drafts; what stands where it stood has none in it. */
  const close = (value: Json): Json => {
    if (!isContainer(value)) return value;
    const { base, copy } = drafts.get(value) ?? { base: undefined, copy: value };
    const closeAt = (key: string | number) => {
      const member = copy[key];
      if (member === base?.[key]) return;
      const closed = close(member);
      if (closed !== member) setMember(copy, key as string, closed);
    };
    if (Array.isArray(copy)) for (let index = 0; index < copy.length; index += 1) closeAt(index);
    else for (const key of Object.keys(copy)) closeAt(key);
    return base !== undefined && isSame(base, copy) ? base : copy;
  };

  const draft = open(state);
  const result = effect(draft);
  if (result instanceof Promise) throw new Error("expected a state at once, got a promise");
  const written = close(draft);
  // `(draft) => draft.items.push("tea")` returns a number.
  if (!isContainer(result) || result === draft) return written;
  if (written !== state) {
    throw new Error("expected changes of the draft or another state, got both: return nothing");
  }
  return close(result);
}

function isContainer(value: unknown): boolean {
  return Array.isArray(value) || isObject(value);
}
