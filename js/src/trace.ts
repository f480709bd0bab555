/**
 * Tells where in an element's module an error was thrown, as its author counts lines: browsers write
 * places into the stacks of errors. It knows nothing of how modules are loaded.
 */

import type { Place, Source } from "./source";

/** The sources of the page's modules, by the names and addresses that stacks may have for them. */
const SOURCES = new Map<string, Source>();

/** The sources of the classes that modules export. */
const EXPORTED = new WeakMap<object, Source>();

/** Returns a name for a module that no other of the page has: `todo-list.js`, `todo-list.js?2`, ... */
export function stackName(name: string): string {
  let free = name;
  for (let n = 2; SOURCES.has(free); n += 1) free = `${name}?${n}`;
  return free;
}

/** Knows a module by these names and addresses from now on. */
export function remember(source: Source, ...names: string[]): void {
  for (const name of names) SOURCES.set(name, source);
}

/** Knows which module exports a class from now on. */
export function rememberClass(element: CustomElementConstructor, source: Source): void {
  EXPORTED.set(element, source);
}

/** Tells whether an error was thrown in the module of an element. */
export function isFrom(element: HTMLElement, error: unknown): boolean {
  const source = EXPORTED.get(element.constructor);
  return source !== undefined && trace(error)?.source === source;
}

/** A place in a module of the page. */
export interface Trace {
  source: Source;
  place: Place;
}

/** Returns where in an element's module an error was thrown; undefined if it was not in one. */
export function trace(error: unknown): Trace | undefined {
  for (const [, name, line, column] of framesOf(error)) {
    const source = SOURCES.get(name ?? "");
    if (source) {
      return { source, place: source.placeOf({ line: Number(line), column: Number(column) }) };
    }
  }
  return undefined;
}

/**
 * Returns where an error was thrown, in lines: the place in an element's module and the code there,
 * or else the first place that its stack names, e.g. `render (todo-list.js:7:5)`; "" for none.
 */
export function firstPlace(error: unknown): string {
  const traced = trace(error);
  if (!traced) return framesOf(error)[0]?.input?.trim().replace(/^at /, "") ?? "";
  const { source, place } = traced;
  return `${source.describe(place)}\n${source.line(place.line)}`;
}

/** Returns the lines of an error's stack that end with a place, taken apart. */
function framesOf(error: unknown): RegExpMatchArray[] {
  const lines = (error instanceof Error && error.stack?.split("\n")) || [];
  const frames = lines.map((line) => line.match(/([^\s()@]+):(\d+):(\d+)\)?$/));
  return frames.filter((frame) => frame !== null);
}
