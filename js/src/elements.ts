/**
 * The classes of a page's elements, whichever copy of the bundle loads them: the first copy puts
 * its Elements on globalThis, and all others use that. It knows nothing of where sources come from.
 */

import { version } from "../package.json";
import { LIBRARY } from "./library";
import { Libraries, loadElementClass } from "./module";
import { defineElement } from "./tags";

const KEY = Symbol.for(`livestate-nb elements@${version}`);

/** Loads and defines elements; the same source is loaded and defined once. */
export class Elements {
  /** What the elements' modules import; their shims look here. */
  readonly libraries = new Libraries(LIBRARY, KEY);
  /** The classes by tag and source. */
  #classes = new Map<string, Promise<CustomElementConstructor>>();

  /**
   * Returns the class of an element, defined under `tag`, or under one like it if that is taken.
   * @param source its ES module
   * @throws ModuleError, TagError
   */
  load(tag: string, source: string): Promise<CustomElementConstructor> {
    const key = JSON.stringify([tag, source]);
    let loading = this.#classes.get(key);
    if (!loading) {
      loading = this.#load(tag, source);
      this.#classes.set(key, loading);
      // What it imports may be there the next time.
      loading.catch(() => this.#classes.delete(key));
    }
    return loading;
  }

  async #load(tag: string, source: string): Promise<CustomElementConstructor> {
    const element = await loadElementClass(`${tag}.js`, source, this.libraries);
    defineElement(tag, element);
    return element;
  }
}

/** Returns the page's Elements. */
export function elements(): Elements {
  const page = globalThis as { [KEY]?: Elements };
  page[KEY] ??= new Elements();
  return page[KEY];
}
