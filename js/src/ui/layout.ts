/**
 * Layouts: trees of stock elements, as Python writes them. It knows nothing of Python.
 */

import { LiveElement } from "../element";
import { isObject, type Json } from "../json";

/** An element of a layout: its kind, its properties by name, and what it holds. */
export interface Plan {
  kind: string;
  children?: readonly Plan[];
  [property: string]: Json;
}

/** A class with the properties that Lit knows of. */
type ElementClass = CustomElementConstructor & { elementProperties: Map<PropertyKey, unknown> };

/**
 * Returns a class of elements that show a layout.
 *
 * @param kinds the classes of stock elements by kind
 * @throws Error for a kind or a property that there is not
 */
export function layoutOf(
  plan: Plan,
  kinds: Readonly<Record<string, CustomElementConstructor>>,
): CustomElementConstructor {
  build(plan, kinds); // what is wrong with it is told now
  return class extends LiveElement {
    #root = build(plan, kinds);

    /** The same node each time: its parts follow the state by themselves. */
    override render(): unknown {
      return this.#root;
    }
  };
}

function build(plan: Plan, kinds: Readonly<Record<string, CustomElementConstructor>>): HTMLElement {
  if (!isObject(plan) || !Object.hasOwn(kinds, plan.kind)) {
    throw new Error(`There is no element "${plan?.kind}", only ${Object.keys(kinds).join(", ")}`);
  }
  const { kind, children = [], ...properties } = plan;
  const elementClass = kinds[kind] as ElementClass;
  const element = new elementClass();
  for (const [name, value] of Object.entries(properties)) {
    if (!elementClass.elementProperties.has(name)) {
      const known = [...elementClass.elementProperties.keys()].join(", ");
      throw new Error(`The element "${kind}" has no "${name}", only ${known}`);
    }
    Object.assign(element, { [name]: value });
  }
  element.append(...children.map((child) => build(child, kinds)));
  return element;
}
