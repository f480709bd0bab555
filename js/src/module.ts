/**
 * Loads an element's ES module from its source: bare imports are led to the page's one copy of
 * each library. It knows nothing of topics and states.
 */

import { parse } from "es-module-lexer/minimal/js";
import {
  ModuleError,
  missingImport,
  noElement,
  thrown,
  unknownImport,
  unreadable,
} from "./mistake";
import { type Edit, Source } from "./source";
import { locate } from "./syntax";
import { remember, rememberClass, stackName, trace } from "./trace";

type Imports = ReturnType<typeof parse>[0];

/** The libraries that modules may import, by name, and the addresses of their shims. */
export class Libraries {
  #loaders: Readonly<Record<string, () => Promise<object>>>;
  #loaded = new Map<string, object>();
  #urls = new Map<string, string>();
  /** Where the shims find this object. */
  #key: symbol;

  /**
   * @param loaders by the libraries' names
   * @param key names a property of globalThis that holds `{libraries: this}`
   */
  constructor(loaders: Readonly<Record<string, () => Promise<object>>>, key: symbol) {
    this.#loaders = loaders;
    this.#key = key;
  }

  get names(): string[] {
    return Object.keys(this.#loaders);
  }

  /** Returns a library that was loaded; the shims call it. */
  get(name: string): object | undefined {
    return this.#loaded.get(name);
  }

  /** Replaces the addresses of shims by the names of their libraries, in messages of browsers. */
  readable(message: string): string {
    const replace = (text: string, [name, url]: [string, string]) => text.replaceAll(url, name);
    return [...this.#urls].reduce(replace, message);
  }

  /**
   * Loads libraries; names that are none are left out.
   * @throws ModuleError if the page's server does not give one (any more)
   */
  async load(names: (string | undefined)[]): Promise<void> {
    await Promise.all(names.map((name) => name && this.#load(name)));
  }

  async #load(name: string): Promise<void> {
    const load = Object.hasOwn(this.#loaders, name) ? this.#loaders[name] : undefined;
    if (!load || this.#loaded.has(name)) return;
    try {
      this.#loaded.set(name, await load());
    } catch (error) {
      const { message } = error as Error;
      throw new ModuleError(`"${name}" could not be loaded: reload the page. ${message}`, {
        cause: error,
      });
    }
  }

  /**
   * Returns the address of a module with the same exports as a library that was loaded, or undefined
   * for an unknown name. It stays valid, since a module may import dynamically at any time.
   */
  url(name: string): string | undefined {
    const library = this.get(name);
    if (!library) return undefined;
    let url = this.#urls.get(name);
    if (!url) {
      url = blobUrl(this.#shim(name, library));
      this.#urls.set(name, url);
    }
    return url;
  }

  #shim(name: string, library: object): string {
    const lookup = `globalThis[Symbol.for(${JSON.stringify(this.#key.description)})]`;
    // Those of CommonJS have more keys than names, such as "module.exports".
    const keys = Object.keys(library).filter((key) => /^[\w$]+$/.test(key));
    const exports = keys.map((key) =>
      key === "default"
        ? "export default library.default;"
        : `export const ${key} = library.${key};`,
    );
    return [`const library = ${lookup}.libraries.get(${JSON.stringify(name)});`, ...exports].join(
      "\n",
    );
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
  text: string,
  libraries: Libraries,
): Promise<CustomElementConstructor> {
  const imports = importsOf(text);
  await libraries.load((imports ?? []).map(({ n: specifier }) => specifier));
  const source = rewriteImports(new Source(name, text), imports ?? [], libraries);
  const stack = stackName(name);
  const url = blobUrl(`${source.code}\n//# sourceURL=${stack}`);
  remember(source, stack, url);
  let exports: { default?: unknown };
  try {
    exports = await import(/* @vite-ignore */ url);
  } catch (error) {
    throw await explain(source, imports, url, error, libraries);
  } finally {
    URL.revokeObjectURL(url);
  }
  const element = exports.default;
  if (typeof element !== "function" || !(element.prototype instanceof HTMLElement)) {
    throw noElement(source, element);
  }
  rememberClass(element as CustomElementConstructor, source);
  return element as CustomElementConstructor;
}

/** Returns what a source imports; undefined if it can't be read: browsers say better why. */
function importsOf(text: string): Imports | undefined {
  try {
    return parse(text)[0];
  } catch {
    return undefined;
  }
}

/** Returns the source with each bare import replaced. */
function rewriteImports(source: Source, imports: Imports, libraries: Libraries): Source {
  const edits: Edit[] = [];
  for (const { n: specifier, s: start, e: stop, d: dynamic } of imports) {
    if (specifier === undefined || hasScheme(specifier)) continue;
    const url = libraries.url(specifier);
    if (!url) throw unknownImport(source, specifier, start, libraries.names);
    edits.push({ start, stop, text: dynamic >= 0 ? JSON.stringify(url) : url });
  }
  return new Source(source.name, source.text, edits);
}

/** Returns the error to show for what an import threw. */
async function explain(
  source: Source,
  imports: Imports | undefined,
  url: string,
  error: unknown,
  libraries: Libraries,
): Promise<ModuleError> {
  if (error instanceof SyntaxError) {
    return unreadable(source, libraries.readable(error.message), await locate(url, error));
  }
  if (imports === undefined) return unreadable(source, "this can't be read", undefined);
  if (error instanceof TypeError && !trace(error)) {
    // Browsers don't say which of the addresses it was.
    for (const { n: specifier, s: start, d: dynamic } of imports) {
      if (specifier === undefined || dynamic >= 0 || !hasScheme(specifier)) continue;
      const isThere = await import(/* @vite-ignore */ specifier).then(
        () => true,
        () => false,
      );
      if (!isThere) return missingImport(source, specifier, start);
    }
  }
  return thrown(source.name, error);
}

function hasScheme(specifier: string): boolean {
  return /^[a-z][a-z\d+.-]*:/i.test(specifier);
}

function blobUrl(source: string): string {
  return URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}
