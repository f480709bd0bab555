/** A stock element, or a layout of some, with a server that the test writes. */

import { afterEach, expect } from "vitest";
import type { LiveElement } from "../../src/element";
import type { Json } from "../../src/json";
import { layout, type Plan } from "../../src/ui";
import { joined, live } from "../client";
import type { Frame, Link } from "../server";
import { until } from "../until";

/** What a layout shows, and the server's end. */
export interface Shown {
  element: LiveElement;
  link: Link;
  /** Sends a patch that replaces what is at a JSON Pointer. */
  replace(path: string, value: Json): Promise<void>;
}

let count = 0;

/** Takes away what each test of a file shows, before its server goes. */
export function useElements(): void {
  afterEach(async () => {
    document.body.replaceChildren();
    await Promise.resolve();
  });
}

/** Shows a layout for a state. */
export async function showLayout(plan: Plan, state: Json): Promise<Shown> {
  const { link, join } = await joined(state);
  const element = make(plan);
  element.liveState = live;
  document.body.append(element);
  await settled(element);
  return { element, link, replace: replacer(element, link, join) };
}

/** Makes an element that shows a layout. */
export function make(plan: Plan): LiveElement {
  const elementClass = layout(plan);
  count += 1;
  customElements.define(`some-layout-${count}`, elementClass);
  return new elementClass() as LiveElement;
}

/** Waits until all elements in a node are rendered. */
export async function settled(node: Element): Promise<void> {
  await (node as { updateComplete?: Promise<unknown> }).updateComplete;
  const children = [...node.children, ...(node.shadowRoot?.children ?? [])];
  for (const child of children) await settled(child);
}

/** Answers the next event, and returns its payload. */
export async function answer(link: Link, event: string): Promise<Json> {
  const push = await link.take(`lvs_evt:${event}`);
  link.reply(push);
  return push.payload;
}

function replacer(element: Element, link: Link, join: Frame): Shown["replace"] {
  return async (path, value) => {
    const version = (live.version ?? 0) + 1;
    link.push(join, "state:patch", { patch: [{ op: "replace", path, value }], version });
    await until(() => live.version === version);
    await settled(element);
    expect(live.error).toBeNull();
  };
}
