/**
 * Loads an element's ES module from its source: bare imports are led to the page's one copy of
 * each library. It knows nothing of topics and states.
 */

import { parse } from "es-module-lexer/minimal/js";
import { firstPlace } from "./problem";
import { locate, type Place } from "./syntax";

/** Thrown when a module can't be used; the message says what is wrong with it and where. */
export class ModuleError extends Error {
  override readonly name = "ModuleError";
}

/** The libraries that modules may import, by name, and the addresses of their shims. */
export class Libraries {
  #modules: Readonly<Record<string, object>>;
  #urls = new Map<string, string>();
  /** Where the shims find this object. */
  #key: symbol;

  /** @param key names a property of globalThis that holds `{libraries: this}` */
  constructor(modules: Readonly<Record<string, object>>, key: symbol) {
    this.#modules = modules;
    this.#key = key;
  }

  get names(): string[] {
    return Object.keys(this.#modules);
  }

  /** Returns a library; the shims call it. */
  get(name: string): object | undefined {
    return Object.hasOwn(this.#modules, name) ? this.#modules[name] : undefined;
  }

  /** Replaces the addresses of shims by the names of their libraries, in messages of browsers. */
  readable(message: string): string {
    const replace = (text: string, [name, url]: [string, string]) => text.replaceAll(url, name);
    return [...this.#urls].reduce(replace, message);
  }

  /**
   * Returns the address of a module with the same exports as a library, or undefined for an unknown
   * name. It stays valid, since a module may import dynamically at any time.
   */
  url(name: string): string | undefined {
    const library = this.get(name);
    if (!library) return undefined;
    let url = this.#urls.get(name);
    if (!url) {
      const lookup = `globalThis[Symbol.for(${JSON.stringify(this.#key.description)})]`;
      const exports = Object.keys(library).map((key) =>
        key === "default"
          ? "export default library.default;"
          : `export const ${key} = library.${key};`,
      );
      url = blobUrl(
        [`const library = ${lookup}.libraries.get(${JSON.stringify(name)});`, ...exports].join(
          "\n",
        ),
      );
      this.#urls.set(name, url);
    }
    return url;
  }
}

/**
 * Loads the module and returns its default export, a custom element class that is not yet defined.
 *
 * @param name the module's name in messages and stack traces, e.g. `todo-list.js`
 * @throws ModuleError for a syntax error, a decorator, an import that can't be had, an exception
 *   while it is evaluated, or a default export that is no class of elements
 */
export async function loadElementClass(
  name: string,
  source: string,
  libraries: Libraries,
): Promise<CustomElementConstructor> {
  const url = blobUrl(`${rewriteImports(name, source, libraries)}\n//# sourceURL=${name}`);
  let exports: { default?: unknown };
  try {
    exports = await import(/* @vite-ignore */ url);
  } catch (error) {
    throw await explain(name, source, url, error, libraries);
  } finally {
    URL.revokeObjectURL(url);
  }
  const element = exports.default;
  if (element === undefined) {
    throw new ModuleError(
      `${name} has no default export: write "export default class extends LiveElement { ... }"`,
    );
  }
  if (typeof element !== "function" || !(element.prototype instanceof HTMLElement)) {
    throw new ModuleError(
      `The default export of ${name} is not a class of elements: let it extend LiveElement`,
    );
  }
  return element as CustomElementConstructor;
}

/** Returns the source with each bare import replaced; line numbers stay as they are. */
function rewriteImports(name: string, source: string, libraries: Libraries): string {
  let imports: ReturnType<typeof parse>[0];
  try {
    [imports] = parse(source, name);
  } catch (error) {
    const { idx = 0 } = error as { idx?: number };
    throw syntaxError(name, source, "something before this is not closed", placeAt(source, idx));
  }
  let rewritten = "";
  let end = 0;
  for (const { n: specifier, s: start, e: stop, d: dynamic } of imports) {
    if (specifier === undefined || /^[a-z][a-z\d+.-]*:/i.test(specifier)) continue;
    const url = libraries.url(specifier);
    if (!url) throw importError(name, source, specifier, start, libraries);
    rewritten += source.slice(end, start) + (dynamic >= 0 ? JSON.stringify(url) : url);
    end = stop;
  }
  return rewritten + source.slice(end);
}

function importError(
  name: string,
  source: string,
  specifier: string,
  index: number,
  libraries: Libraries,
): ModuleError {
  const what = `${describe(name, placeAt(source, index))}: can't import "${specifier}"`;
  if (/^[./]/.test(specifier)) {
    return new ModuleError(
      `${what}: the source of an element lies in no folder. Put it into this source, or import from an https:// URL`,
    );
  }
  return new ModuleError(
    `${what}. An element can import from https:// URLs and ${libraries.names.join(", ")}`,
  );
}

/** Returns the error to show for what an import threw. */
async function explain(
  name: string,
  source: string,
  url: string,
  error: unknown,
  libraries: Libraries,
): Promise<ModuleError> {
  if (error instanceof SyntaxError) {
    const message = libraries.readable(error.message);
    return syntaxError(name, source, message, await locate(url, error));
  }
  const isDefinedTwice = (error as Error | undefined)?.name === "NotSupportedError";
  const hint = isDefinedTwice ? "\nLeave customElements.define out: it is done for you." : "";
  const message = error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;
  const place = firstPlace(error);
  return new ModuleError(
    `${name} failed while it was loaded. ${message}${hint}${place && `\n${place}`}`,
    { cause: error },
  );
}

function syntaxError(
  name: string,
  source: string,
  message: string,
  place: Place | undefined,
): ModuleError {
  const where = describe(name, place);
  const line = place && source.split("\n")[place.line - 1];
  const decorator = place ? line?.slice(place.column - 1).match(/^@[\w$.]+/) : undefined;
  const known = source.match(/^\s*@(customElement|property|state|query\w*|eventOptions)\s*\(/m);
  const found = decorator?.[0] ?? (place ? undefined : known?.[0].trim().slice(0, -1));
  if (found) {
    return new ModuleError(
      `${where}: browsers can't read decorators such as ${found}. Write "static properties = { ... }" for properties; the tag is defined for you`,
    );
  }
  return new ModuleError(`${where}: syntax error: ${message}${line ? `\n${line.trim()}` : ""}`);
}

function describe(name: string, place: Place | undefined): string {
  return place ? `${name}, line ${place.line}, column ${place.column}` : name;
}

function placeAt(source: string, index: number): Place {
  const before = source.slice(0, index).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function blobUrl(source: string): string {
  return URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}
