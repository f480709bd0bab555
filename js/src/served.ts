/**
 * What the modules run that the server gives as `livestate/elements/NAME.js`: they hand the
 * element's source over as it was written, and it is loaded as in a cell.
 */

import { LitElement } from "lit";
import { elements } from "./elements";
import { problem, problemStyles } from "./problem";
import { TagError } from "./tags";
import { theme } from "./theme";

/**
 * Defines an element of a page under its name, and returns its class.
 *
 * Where it can't be loaded, the page's elements of that name show why.
 *
 * @throws ModuleError, TagError
 */
export async function define(name: string, source: string): Promise<CustomElementConstructor> {
  let element: CustomElementConstructor;
  try {
    element = await elements().load(name, source);
  } catch (error) {
    if (!(error instanceof TagError || customElements.get(name))) {
      customElements.define(name, unloadable(error as Error));
    }
    throw error;
  }
  if (customElements.get(name) !== element) {
    console.warn(
      `livestate-nb: this page has another <${name}> already. This one is <${customElements.getName(element)}>.`,
    );
  }
  return element;
}

/** Returns a class of elements that show why the one that they stand for can't be loaded. */
function unloadable({ message }: Error): CustomElementConstructor {
  return class extends LitElement {
    static override styles = [theme, problemStyles];
    override render(): unknown {
      return problem("This element can't be shown.", message);
    }
  };
}
