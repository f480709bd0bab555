/**
 * Says what is wrong with an element's module, and where, in words for its author.
 * It knows nothing of how modules are loaded.
 */

import type { Place, Source } from "./source";
import { guess, type Location } from "./syntax";
import { firstPlace, trace } from "./trace";

/** Thrown when a module can't be used; the message says what is wrong with it and where. */
export class ModuleError extends Error {
  override readonly name = "ModuleError";
}

/** Tells whether an error says what is wrong already; another copy of the bundle may have made it. */
export function isKnown(error: unknown): error is Error {
  return error instanceof Error && ["ModuleError", "TagError"].includes(error.name);
}

/** Returns the error for a source that is no JavaScript. */
export function unreadable(
  source: Source,
  message: string,
  location: Location | undefined,
): ModuleError {
  if (location?.file) {
    const where = `${location.file}, line ${location.line}, column ${location.column}`;
    return new ModuleError(`${where}: syntax error: ${message}\n${source.name} imports it.`);
  }
  const place = location && source.placeOf(location);
  const isExport = /provide an export/.test(message);
  const what = isExport ? message : `syntax error: ${message}`;
  const hint = isExport ? "" : guess(source, place);
  const isOpen = /end of (input|script|file)|unterminated|not closed/i.test(message);
  const open = isOpen && !hint ? "Something before this is not closed" : "";
  return mistake(source, place, [what, hint || open].filter(Boolean).join(". "));
}

/** Returns the error for an import of what there is not. */
export function unknownImport(
  source: Source,
  specifier: string,
  index: number,
  names: readonly string[],
): ModuleError {
  const advice = /^[./]/.test(specifier)
    ? ": the source of an element lies in no folder. Put it into this source, or import from an https:// URL"
    : `. An element can import from https:// URLs and ${names.join(", ")}`;
  return mistake(source, source.placeAt(index), `can't import "${specifier}"${advice}`);
}

/** Returns the error for an import from an address that gives no module. */
export function missingImport(source: Source, specifier: string, index: number): ModuleError {
  const what = `can't import "${specifier}": nothing is there, or this page may not load it`;
  return mistake(source, source.placeAt(index), what);
}

/**
 * Returns the error for what a module threw while it was evaluated, or its element was made.
 * @param name of the module
 */
export function thrown(name: string, error: unknown): ModuleError {
  const isDefinedTwice = (error as Error | undefined)?.name === "NotSupportedError";
  const hint = isDefinedTwice ? ". Leave customElements.define out: it is done for you" : "";
  const message = `${error instanceof Error ? `${error.name}: ${error.message}` : error}${hint}`;
  const traced = trace(error);
  if (traced) return mistake(traced.source, traced.place, message, error);
  const place = firstPlace(error);
  return new ModuleError(`${name} failed while it was loaded. ${message}${place && `\n${place}`}`, {
    cause: error,
  });
}

/** Returns the error for a module whose default export is no element. */
export function noElement(source: Source, exported: unknown): ModuleError {
  if (exported !== undefined) {
    return new ModuleError(
      `The default export of ${source.name} is not a class of elements: let it extend LiveElement`,
    );
  }
  const found = source.text.match(/^[ \t]*(export[ \t]+)?class[ \t]+\w+/m);
  const place = found?.index === undefined ? undefined : source.placeAt(found.index);
  const what = 'no default export: write "export default class extends LiveElement { ... }"';
  return mistake(source, place, what);
}

function mistake(
  source: Source,
  place: Place | undefined,
  what: string,
  cause?: unknown,
): ModuleError {
  const code = place && source.line(place.line);
  return new ModuleError(`${source.describe(place)}: ${what}${code ? `\n${code}` : ""}`, { cause });
}
