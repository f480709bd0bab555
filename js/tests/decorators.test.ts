/** The same elements with TypeScript's and with TC39's decorators, by two compilers. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { liveState, liveStateProperty } from "../src/decorators";
import type { Json } from "../src/json";
import { ScriptedServer } from "./server";
import { until } from "./until";

const JS = join(import.meta.dirname, "..");
const SOURCE = "tests/decorated/elements.ts";
const run = promisify(execFile);

let folder: string;
let server: ScriptedServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "decorated-"));
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  vi.stubGlobal("WebSocket", WebSocket);
  server = await ScriptedServer.start();
});

afterEach(async () => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  await server.stop();
});

/** Bundles the elements and loads them; decorators that are still there are compiled by esbuild. */
async function load(variant: string, source: string, isLegacy: boolean): Promise<Json> {
  const compilerOptions = { experimentalDecorators: isLegacy, useDefineForClassFields: !isLegacy };
  const { outputFiles } = await build({
    absWorkingDir: JS,
    entryPoints: [source],
    bundle: true,
    format: "esm",
    target: "es2022",
    define: { VARIANT: JSON.stringify(variant) },
    nodePaths: [join(JS, "node_modules")],
    tsconfigRaw: { compilerOptions },
    write: false,
  });
  const text = encodeURIComponent(outputFiles[0]?.text ?? "");
  return import(/* @vite-ignore */ `data:text/javascript,${text}`);
}

/** Checks and compiles the elements with tsc; returns the folder of what it wrote. */
async function compile(variant: string, isLegacy: boolean): Promise<string> {
  const outDir = join(folder, variant);
  const compilerOptions = {
    noEmit: false,
    types: [],
    rootDir: JS,
    outDir,
    experimentalDecorators: isLegacy,
    useDefineForClassFields: !isLegacy,
  };
  const files = [join(JS, SOURCE)];
  const project = join(folder, `${variant}.json`);
  const extended = join(JS, "tsconfig.json");
  const config = { extends: extended, compilerOptions, files, include: [] };
  await writeFile(project, JSON.stringify(config));
  const said = await run(join(JS, "node_modules/.bin/tsc"), ["-p", project]).catch(
    ({ stdout }) => ({ stdout }),
  );
  expect(said.stdout).toBe("");
  return join(outDir, SOURCE.replace(/ts$/, "js"));
}

describe.each([
  ["esbuild-tc39", false, false],
  ["esbuild-legacy", false, true],
  ["tsc-tc39", true, false],
  ["tsc-legacy", true, true],
])("decorators compiled by %s", (variant, isByTsc, isLegacy) => {
  beforeAll(async () => {
    await load(variant, isByTsc ? await compile(variant, isLegacy) : SOURCE, isLegacy);
  }, 60_000);

  function mount(name: string): Json {
    document.body.innerHTML = `<${variant}-${name} url="${server.url}" api-key="abc"></${variant}-${name}>`;
    return document.body.firstElementChild;
  }

  it("connect a Lit element, which is rendered only for what it shows", async () => {
    const element = mount("list");
    const added: Json[] = [];
    element.addEventListener("added", ({ detail }: CustomEvent) => added.push(detail));
    const link = await server.link();
    const state = { items: ["a"], user: { names: ["Ann"] }, count: 1, other: 0 };
    const join = await link.accept(state);
    expect([join.topic, join.payload]).toEqual([
      "todos:list",
      { a: 1, api_key: "abc", livestate: {} },
    ]);
    expect(element.liveState.socket.endPointURL()).toContain("token=t");
    await until(() => element.length === 1);
    await element.updateComplete;
    expect(element.renderRoot.textContent).toBe("Ann: a");
    expect(element.getAttribute("count")).toBe("1");
    const { renders } = element;
    link.push(join, "state:patch", {
      patch: [{ op: "replace", path: "/other", value: 1 }],
      version: 1,
    });
    link.push(join, "added", { id: 1 });
    await until(() => added.length === 1);
    await element.updateComplete;
    expect(element.renders).toBe(renders);
    link.push(join, "state:patch", {
      patch: [{ op: "add", path: "/items/-", value: "b" }],
      version: 2,
    });
    await until(() => element.length === 2);
    await element.updateComplete;
    expect(element.renders).toBe(renders + 1);
    element.dispatchEvent(new CustomEvent("add", { detail: { n: 1 } }));
    expect((await link.take("lvs_evt:add")).payload).toEqual({ n: 1 });
  });

  it("let a subclass add to what it inherits, and leave its base class alone", async () => {
    const base = mount("list");
    const [baseLink] = [await server.link()];
    const state = { items: ["a"], user: { names: ["Ann"] }, other: 7 };
    await baseLink.accept(state);
    await until(() => base.length === 1);
    expect([base.user, base.other]).toEqual([undefined, undefined]);
    const element = mount("sub");
    const join = await (await server.link()).accept(state);
    expect(join.topic).toBe("todos:sub");
    expect(join.payload).toMatchObject({ a: 1, api_key: "abc" });
    await until(() => element.length === 1);
    expect([element.items, element.user, element.other]).toEqual([["a"], state.user, 7]);
  });

  it("connect a plain element, after its own callbacks, and disconnect it", async () => {
    const element = document.createElement(`${variant}-plain`) as Json;
    element.url = server.url;
    document.body.append(element);
    const link = await server.link();
    await link.accept({ items: ["a"] });
    await until(() => element.items.length === 1);
    element.remove();
    const { liveState } = element;
    await until(() => !liveState.connected);
    expect(element.calls).toEqual(["connected", "disconnected"]);
    document.body.append(element);
    expect(element.liveState).toBe(liveState);
    await (await server.link()).accept({ items: ["b", "c"] });
    await until(() => element.items.length === 2);
    document.body.append(element);
    await Promise.resolve();
    expect([element.liveState, liveState.connected]).toEqual([liveState, true]);
  });
});

describe("a decorator", () => {
  it("that comes too late says so", () => {
    const element = class extends HTMLElement {};
    customElements.define("late-element", element);
    expect(() => liveState({})(element)).toThrow("<late-element> is defined before @liveState");
  });

  it("of a private member is refused", () => {
    const context = { kind: "field", name: "#items", private: true };
    expect(() => liveStateProperty()(undefined, context as ClassFieldDecoratorContext)).toThrow(
      "a private member such as #items",
    );
  });

  it("of a class without url and topic says what is missing when an element is connected", () => {
    const element = class extends HTMLElement {};
    liveState({ topic: "t" })(element);
    customElements.define("lost-element", element);
    expect(() => document.body.append(new element())).toThrow("LiveState needs a url or a socket");
  });
});
