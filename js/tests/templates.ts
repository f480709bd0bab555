/** Pages with live-templates, and the server that they connect to. */

import { afterEach, beforeEach, expect, vi } from "vitest";
import { WebSocket } from "ws";
import type { Json } from "../src/json";
import type { LiveTemplate } from "../src/template";
import "../src/template";
import { type Frame, type Link, ScriptedServer } from "./server";
import { until } from "./until";

/** The server of the test that runs. */
export let server: ScriptedServer;
/** Its end of the page's last connection. */
export let link: Link;
export let join: Frame;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
let version = 0;

/** Gives each test of a file a server and an empty page. */
export function useTemplates(): void {
  beforeEach(async () => {
    server = await ScriptedServer.start();
    vi.stubGlobal("WebSocket", WebSocket);
    unhandled.length = 0;
    process.on("unhandledRejection", onUnhandled);
  });

  afterEach(async () => {
    document.body.replaceChildren();
    await Promise.resolve();
    await server.stop();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
  });
}

/** Shows a template that has no state yet. */
export function mount(content: string, attributes = ""): LiveTemplate {
  document.body.innerHTML = `<live-template url="${server.url}" topic="todos:me" ${attributes}>${content}</live-template>`;
  return document.querySelector("live-template") as LiveTemplate;
}

/** Shows a template with a state. */
export async function show(
  content: string,
  state: Json = {},
  attributes = "",
): Promise<LiveTemplate> {
  const element = mount(content, attributes);
  await answer(state);
  await until(() => element.isRendered);
  return element;
}

/** Accepts the next connection. */
export async function answer(state: Json): Promise<void> {
  version = 0;
  link = await server.link();
  join = await link.accept(state);
}

/** Sends a patch and waits until an element has it. */
export async function patch(element: LiveTemplate, ...operations: Json[]): Promise<void> {
  version += 1;
  link.push(join, "state:patch", { patch: operations, version });
  await until(() => element.live.version === version);
  await element.updateComplete;
}

/** Returns what an event of this name brought to the server. */
export async function sent(event: string): Promise<Json> {
  return (await link.take(`lvs_evt:${event}`)).payload;
}

export function get<T extends HTMLElement = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return found;
}

export function all(selector: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(selector)];
}

/** Types into a field as a person does. */
export function type(field: HTMLInputElement, value: string): void {
  field.value = value;
  field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
}
