/**
 * Defines custom elements under readable tags. A tag can be defined once for a page: later classes
 * of the same name get a number. It knows nothing of what the classes are.
 */

/** Thrown for a name that no custom element can have. */
export class TagError extends Error {
  override readonly name = "TagError";
}

/**
 * Defines a class under `name`, or the first free one of `name-2`, `name-3`, ...; a class that has
 * a tag, as by a `customElement` decorator in its module, keeps it. Make instances with `new`.
 *
 * @throws TagError if `name` is not a custom element name
 */
export function defineElement(name: string, element: CustomElementConstructor): void {
  if (customElements.getName(element)) return;
  let tag = name;
  for (let n = 2; customElements.get(tag); n += 1) tag = `${name}-${n}`;
  try {
    customElements.define(tag, element);
  } catch (error) {
    throw new TagError(
      `"${name}" can't be the tag of an element: it needs lower case letters and a hyphen, as in "todo-list"`,
      { cause: error },
    );
  }
}
