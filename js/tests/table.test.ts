/**
 * The public behaviour of phx-live-state 0.12.3 as a table: each case runs with the package as it is
 * and with ours, against the same server, and says what either does.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { Json } from "../src/json";
import { type AnyLiveState, type Library, ours, theirs } from "./phx-live-state";
import { type Frame, type Link, ScriptedServer } from "./server";
import { until } from "./until";

/** One run of a case: a library and a server for it alone. */
class Run {
  readonly liveStates: AnyLiveState[] = [];
  readonly elements: { liveState?: AnyLiveState }[] = [];
  readonly details: Json[] = [];

  constructor(
    readonly library: Library,
    readonly server: ScriptedServer,
  ) {}

  get config() {
    const socketOptions = { rejoinAfterMs: () => 20, reconnectAfterMs: () => 20 };
    return { url: this.server.url, topic: "todos:me", socketOptions };
  }

  /** Makes a LiveState. */
  make(config: Json = {}): AnyLiveState {
    const liveState = new this.library.LiveState({ ...this.config, ...config });
    this.liveStates.push(liveState);
    return liveState;
  }

  /** Makes one that is joined and has a state. */
  async joined(state: Json = { items: [] }): Promise<[AnyLiveState, Link, Frame]> {
    const liveState = this.make();
    liveState.connect();
    return [liveState, ...(await this.accept(liveState, state))];
  }

  /** Accepts the next connection and its join. */
  async accept(liveState: AnyLiveState, state: Json, version = 0): Promise<[Link, Frame]> {
    const link = await this.server.link();
    const join = await link.accept(state, { version });
    await until(() => JSON.stringify(liveState.state) === JSON.stringify(state));
    return [link, join];
  }

  /** Ends what is thrown while a frame is handled; in a browser the console would have it. */
  catch({ socket }: AnyLiveState): void {
    const handle = socket.onConnMessage;
    socket.onConnMessage = (message: Json) => {
      try {
        handle.call(socket, message);
      } catch {}
    };
  }

  /** Notes the details of an event. */
  record(target: EventTarget, name: string): Json[] {
    target.addEventListener(name, (event) => this.details.push((event as CustomEvent).detail));
    return this.details;
  }

  /** Defines an element of a decorated class, as compilers do it for `experimentalDecorators`. */
  decorate(options: Json, base: CustomElementConstructor = HTMLElement, members: Json[] = []) {
    const element = class extends base {};
    for (const [decorator, name] of members) decorator(element.prototype, name);
    this.library.liveState(options)(element);
    count += 1;
    customElements.define(`table-${count}`, element);
    return element;
  }

  /** Puts an element into the document. */
  mount<T extends HTMLElement>(element: T): T & { liveState: AnyLiveState; [name: string]: Json } {
    document.body.append(element);
    this.elements.push(element as never);
    return element as never;
  }
}

let count = 0;
const runs: Run[] = [];

const patch = (version: number, value: Json = version) => ({
  patch: [{ op: "add", path: "/items/-", value }],
  version,
});

/** Waits until the client has handled all that was sent to it: it does so in order. */
async function settled(liveState: AnyLiveState, link: Link, join: Frame): Promise<void> {
  let isOver = false;
  liveState.addEventListener("over", () => {
    isOver = true;
  });
  link.push(join, "over", {});
  await until(() => isOver);
}

beforeAll(() => {
  // Theirs writes what it does there, later too.
  for (const method of ["log", "debug", "warn"] as const) {
    vi.spyOn(console, method).mockImplementation(() => {});
  }
});

beforeEach(() => {
  vi.stubGlobal("WebSocket", WebSocket);
});

afterEach(async () => {
  document.body.replaceChildren();
  for (const { elements, liveStates, server } of runs.splice(0)) {
    const all = [...liveStates, ...elements.map(({ liveState }) => liveState)];
    // Theirs throws when it is disconnected twice.
    for (const liveState of all) liveState?.socket.disconnect();
    await server.stop();
  }
  vi.unstubAllGlobals();
});

/** Runs a case with a library. */
async function play(library: Library, scene: (run: Run) => Promise<Json>): Promise<Json> {
  const run = new Run(library, await ScriptedServer.start());
  runs.push(run);
  try {
    return await scene(run);
  } catch (error) {
    return `throws: ${(error as Error).message}`;
  }
}

/** A case: what it is about, what is done, and what comes of it with both. */
type Same = [name: string, scene: (run: Run) => Promise<Json>, result: Json];

/** A case in which theirs is at fault. */
type Mended = [name: string, scene: (run: Run) => Promise<Json>, theirs: Json, ours: Json];

const SAME: Same[] = [
  [
    "the default export is LiveState",
    async ({ library }) => library.default === library.LiveState,
    true,
  ],
  [
    "url, topic and params: where it joins, and what it sends then",
    async (run) => {
      run.make({ params: { user: 1 } }).connect();
      const { topic, payload } = await (await run.server.link()).take("phx_join");
      return [topic, payload.user];
    },
    ["todos:me", 1],
  ],
  [
    "socketOptions: the Socket's, such as its params",
    async (run) => {
      const liveState = run.make({ socketOptions: { params: { token: "t" } } });
      return liveState.socket.endPointURL().includes("token=t");
    },
    true,
  ],
  [
    "state and stateVersion: the last ones",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      link.push(join, "state:patch", patch(1));
      await until(() => liveState.stateVersion === 1);
      return liveState.state;
    },
    { items: [1] },
  ],
  [
    "connected: from connect() to disconnect()",
    async (run) => {
      const liveState = run.make();
      const before = liveState.connected;
      liveState.connect();
      const between = liveState.connected;
      liveState.disconnect();
      return [before, between, liveState.connected];
    },
    [false, true, false],
  ],
  [
    "socket and channel: phoenix's own, there from the start",
    async (run) => {
      const { socket, channel } = run.make();
      return [typeof socket.makeRef, channel.topic, channel.state];
    },
    ["function", "todos:me", "closed"],
  ],
  [
    "channel: null after disconnect()",
    async (run) => {
      const [liveState] = await run.joined();
      liveState.disconnect();
      return liveState.channel;
    },
    null,
  ],
  [
    "connect() when it is connected: nothing",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      liveState.connect();
      await settled(liveState, link, join);
      return link.count("phx_join");
    },
    1,
  ],
  [
    "livestate-change: the state and its version, for whole states and patches",
    async (run) => {
      const liveState = run.make();
      const details = run.record(liveState, "livestate-change");
      liveState.connect();
      const [link, join] = await run.accept(liveState, { items: [] });
      link.push(join, "state:patch", patch(1));
      await until(() => details.length === 2);
      return details;
    },
    [
      { state: { items: [] }, version: 0 },
      { state: { items: [1] }, version: 1 },
    ],
  ],
  [
    "livestate-change: for patches that change nothing too",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      const details = run.record(liveState, "livestate-change");
      link.push(join, "state:patch", { patch: [], version: 1 });
      await until(() => details.length === 1);
      return details;
    },
    [{ state: { items: [] }, version: 1 }],
  ],
  [
    "livestate-patch: each patch",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      const details = run.record(liveState, "livestate-patch");
      link.push(join, "state:patch", patch(1));
      await until(() => details.length === 1);
      return details;
    },
    [patch(1)],
  ],
  [
    "livestate-error: of the server, as it says it",
    async (run) => {
      const liveState = run.make();
      const details = run.record(liveState, "livestate-error");
      liveState.connect();
      const link = await run.server.link();
      const join = await link.take("phx_join");
      link.reply(join);
      link.push(join, "error", { code: 42 });
      await until(() => details.length === 1);
      return details;
    },
    [{ code: 42 }],
  ],
  [
    "livestate-error: of a refused join",
    async (run) => {
      const liveState = run.make();
      const details = run.record(liveState, "livestate-error");
      liveState.connect();
      const link = await run.server.link();
      link.reply(await link.take("phx_join"), { reason: "Members only" }, "error");
      await until(() => details.length === 1);
      const { type, message } = details[0]; // ours has a `detail` as well
      return { type, message };
    },
    { type: "channel join error", message: "Members only" },
  ],
  [
    "livestate-error: of a channel that crashes",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      const details = run.record(liveState, "livestate-error");
      link.crash(join);
      await until(() => details.length === 1);
      return details;
    },
    [{ type: "channel error", message: "channel_crash" }],
  ],
  [
    "dispatchEvent: sends the event with its detail",
    async (run) => {
      const [liveState, link] = await run.joined();
      const isSent = liveState.dispatchEvent(new CustomEvent("add", { detail: { n: 1 } }));
      const { payload } = await link.take("lvs_evt:add");
      return [isSent, payload];
    },
    [true, { n: 1 }],
  ],
  [
    "pushEvent: sends an event",
    async (run) => {
      const [liveState, link] = await run.joined();
      liveState.pushEvent("add", { n: 1 });
      return (await link.take("lvs_evt:add")).payload;
    },
    { n: 1 },
  ],
  [
    "pushCustomEvent: as dispatchEvent",
    async (run) => {
      const [liveState, link] = await run.joined();
      liveState.pushCustomEvent(new CustomEvent("add", { detail: { n: 1 } }));
      return (await link.take("lvs_evt:add")).payload;
    },
    { n: 1 },
  ],
  [
    "pushEvent before the join: sent after it",
    async (run) => {
      const liveState = run.make();
      liveState.connect();
      liveState.pushEvent("add", { n: 1 });
      const link = await run.server.link();
      await link.accept({});
      return (await link.take("lvs_evt:add")).payload;
    },
    { n: 1 },
  ],
  [
    "addEventListener: the channel's events, their payload as detail",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      const details = run.record(liveState, "added");
      link.push(join, "added", { id: 1 });
      await until(() => details.length === 1);
      return details;
    },
    [{ id: 1 }],
  ],
  [
    "addEventListener: before connect() too",
    async (run) => {
      const liveState = run.make();
      const details = run.record(liveState, "added");
      liveState.connect();
      const [link, join] = await run.accept(liveState, {});
      link.push(join, "added", { id: 1 });
      await until(() => details.length === 1);
      return details;
    },
    [{ id: 1 }],
  ],
  [
    "subscribe and unsubscribe: to livestate-change",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      const versions: Json[] = [];
      const listener = ({ detail }: Json) => versions.push(detail.version);
      liveState.subscribe(listener);
      link.push(join, "state:patch", patch(1));
      await until(() => versions.length === 1);
      liveState.unsubscribe(listener);
      link.push(join, "state:patch", patch(2));
      await until(() => liveState.stateVersion === 2);
      return versions;
    },
    [1],
  ],
  [
    "connectElement(element, config): makes a LiveState, connects it and is its liveState",
    async (run) => {
      const element = run.mount(document.createElement("div"));
      run.library.connectElement(element, { ...run.config, properties: ["items"] });
      await run.accept(element.liveState, { items: ["a"] });
      return [element.liveState instanceof run.library.LiveState, element.items];
    },
    [true, ["a"]],
  ],
  [
    "connectElement(liveState, element, options): properties and attributes follow the state",
    async (run) => {
      const [liveState, link, join] = await run.joined({});
      const element = run.mount(document.createElement("div"));
      run.library.connectElement(liveState, element, {
        properties: ["items", { name: "first", path: "items[0].title" }],
        attributes: ["count"],
      });
      const state = { items: [{ title: "a" }], count: 1 };
      link.push(join, "state:change", { state, version: 0 });
      await until(() => element.getAttribute("count") === "1");
      return [element.liveState === liveState, element.items, element.first];
    },
    [true, [{ title: "a" }], "a"],
  ],
  [
    "connectElement twice: events are sent once",
    async (run) => {
      const [liveState, link] = await run.joined();
      const element = run.mount(document.createElement("div"));
      for (const _ of [1, 2]) {
        run.library.connectElement(liveState, element, { events: { send: ["add"] } });
      }
      element.dispatchEvent(new CustomEvent("add", { detail: {} }));
      liveState.pushEvent("last", {});
      await link.take("lvs_evt:last");
      return link.count("lvs_evt:add");
    },
    1,
  ],
  [
    "events.send and events.receive: from the element and at it, and errors as well",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      const element = run.mount(document.createElement("div"));
      const events = { send: ["add"], receive: ["added", "livestate-error"] };
      run.library.connectElement(liveState, element, { events });
      const details = run.record(element, "added");
      run.record(element, "livestate-error");
      element.dispatchEvent(new CustomEvent("add", { detail: { n: 1 } }));
      const { payload } = await link.take("lvs_evt:add");
      link.push(join, "added", { id: 1 });
      link.push(join, "error", { type: "t", message: "m" });
      await until(() => details.length === 2);
      return [payload, ...details];
    },
    [{ n: 1 }, { id: 1 }, { type: "t", message: "m" }],
  ],
  [
    "connectProperty, connectAtttribute, sendEvent and receiveEvent: one at a time",
    async (run) => {
      const { connectAtttribute, connectProperty, receiveEvent, sendEvent } = run.library;
      const [liveState, link, join] = await run.joined();
      const element = run.mount(document.createElement("div"));
      connectProperty(liveState, element, "items");
      connectProperty(liveState, element, { name: "first", path: "items[0]" });
      connectAtttribute(liveState, element, "items");
      sendEvent(liveState, element, "add");
      receiveEvent(liveState, element, "added");
      const details = run.record(element, "added");
      element.dispatchEvent(new CustomEvent("add", { detail: { n: 1 } }));
      await link.take("lvs_evt:add");
      link.push(join, "state:patch", patch(1));
      link.push(join, "added", { id: 1 });
      await until(() => details.length === 1);
      return [element.items, element.first, element.hasAttribute("items"), details];
    },
    [[1], 1, true, [{ id: 1 }]],
  ],
  [
    "@liveState: connects with provide, and takes the LiveState out of the scope with the element",
    async (run) => {
      const scope = window as Json;
      const { url } = run.config;
      const provide = { scope, name: "tableTodos" };
      const element = run.mount(
        new (run.decorate({ url, topic: "t", params: { a: 1 }, provide }))(),
      );
      const { liveState } = element;
      const { payload } = await (await run.server.link()).take("phx_join");
      const isProvided = scope.tableTodos === liveState;
      element.remove();
      return [isProvided, payload.a, "tableTodos" in scope];
    },
    [true, 1, false],
  ],
  [
    "@liveState with provide: takes what is in the scope already",
    async (run) => {
      const scope = window as Json;
      const [liveState] = await run.joined();
      scope.tableOwn = liveState;
      const provide = { scope, name: "tableOwn" };
      return run.mount(new (run.decorate({ provide }))()).liveState === liveState;
    },
    true,
  ],
  [
    "@liveState with context: what another element provides, before or later",
    async (run) => {
      const provide = { scope: window, name: "tableShared" };
      const Consumer = run.decorate({ context: "tableShared", properties: ["items"] });
      const Provider = run.decorate({ url: run.config.url, topic: "t", provide });
      const early = run.mount(new Consumer());
      const provider = run.mount(new Provider());
      const late = run.mount(new Consumer());
      await run.accept(provider.liveState, { items: ["a"] });
      await until(() => early.items && late.items);
      const { liveState } = provider;
      return [early.liveState === liveState, late.liveState === liveState, early.items, late.items];
    },
    [true, true, ["a"], ["a"]],
  ],
  [
    "@liveState with context: only inside the scope, if that is an element",
    async (run) => {
      const place = run.mount(document.createElement("div"));
      const provide = { scope: place, name: "tableInner" };
      const Consumer = run.decorate({ context: "tableInner" });
      const Provider = run.decorate({ url: run.config.url, topic: "t", provide });
      const [inside, outside] = [new Consumer(), run.mount(new Consumer())];
      const provider = new Provider() as Json;
      place.append(provider, inside);
      await until(() => (inside as Json).liveState);
      return [(inside as Json).liveState === provider.liveState, outside.liveState];
    },
    [true, undefined],
  ],
  [
    "@liveState with properties, attributes and events: as connectElement",
    async (run) => {
      const provide = { scope: window, name: "tableAll" };
      const options = {
        url: run.config.url,
        topic: "t",
        properties: ["items"],
        attributes: ["count"],
        events: { send: ["add"], receive: ["added"] },
        provide,
      };
      const element = run.mount(new (run.decorate(options))());
      const details = run.record(element, "added");
      const [link, join] = await run.accept(element.liveState, { items: ["a"], count: 2 });
      element.dispatchEvent(new CustomEvent("add", { detail: { n: 1 } }));
      const { payload } = await link.take("lvs_evt:add");
      link.push(join, "added", { id: 1 });
      await until(() => details.length === 1);
      return [element.items, element.getAttribute("count"), payload, details];
    },
    [["a"], "2", { n: 1 }, [{ id: 1 }]],
  ],
  [
    "@liveStateConfig: url, topic, socketOptions and params of the instance",
    async (run) => {
      const { liveStateConfig } = run.library;
      const Base = class extends HTMLElement {
        place = run.config.url;
        subject = "mine";
        key = "abc";
        options = { params: { token: "t" } };
      };
      const provide = { scope: window, name: "tableConfig" };
      const element = run.mount(
        new (run.decorate({ topic: "theirs", provide }, Base, [
          [liveStateConfig("url"), "place"],
          [liveStateConfig("topic"), "subject"],
          [liveStateConfig("params.api_key"), "key"],
          [liveStateConfig("socketOptions"), "options"],
        ]))(),
      );
      const { topic, payload } = await (await run.server.link()).take("phx_join");
      return [topic, payload.api_key, element.liveState.socket.endPointURL().includes("token=t")];
    },
    ["mine", "abc", true],
  ],
  [
    "@liveStateProperty: by its name, and by a path",
    async (run) => {
      const { liveStateProperty } = run.library;
      const provide = { scope: window, name: "tableProperty" };
      const element = run.mount(
        new (run.decorate({ url: run.config.url, topic: "t", provide }, HTMLElement, [
          [liveStateProperty(), "items"],
          [liveStateProperty("items[1].name"), "second"],
        ]))(),
      );
      await run.accept(element.liveState, { items: [0, { name: "b" }] });
      return [element.items, element.second];
    },
    [[0, { name: "b" }], "b"],
  ],
];

const MENDED: Mended[] = [
  [
    "a) patches behind a gap: one refresh",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      for (let version = 2; version < 12; version += 1) {
        link.push(join, "state:patch", patch(version));
      }
      await settled(liveState, link, join);
      liveState.pushEvent("last", {});
      await link.take("lvs_evt:last");
      return link.count("lvs_refresh");
    },
    10,
    1,
  ],
  [
    "b) a patch of version 0 after a lost one: asks for the state",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      link.push(join, "state:patch", patch(0, "wrong"));
      await settled(liveState, link, join);
      return liveState.state;
    },
    { items: ["wrong"] },
    { items: [] },
  ],
  [
    "c) n listeners of an event: each called once",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      let calls = 0;
      for (const _ of [1, 2, 3]) {
        liveState.addEventListener("added", () => {
          calls += 1;
        });
      }
      link.push(join, "added", {});
      await settled(liveState, link, join);
      return calls;
    },
    9,
    3,
  ],
  [
    "c) removeEventListener: takes all of it away",
    async (run) => {
      const [liveState] = await run.joined();
      const { length } = liveState.channel.bindings;
      const listener = () => {};
      liveState.addEventListener("added", listener);
      liveState.removeEventListener("added", listener);
      return liveState.channel.bindings.length - length;
    },
    1,
    0,
  ],
  [
    "d) connect() after disconnect(): with the listeners it had",
    async (run) => {
      const [liveState] = await run.joined();
      const details = run.record(liveState, "added");
      liveState.disconnect();
      liveState.connect();
      const [link, join] = await run.accept(liveState, { items: ["again"] });
      link.push(join, "added", { id: 1 });
      await settled(liveState, link, join);
      return details;
    },
    [],
    [{ id: 1 }],
  ],
  [
    "d) pushEvent before connect() and after disconnect(): an error event, no exception",
    async (run) => {
      const liveState = run.make();
      const details = run.record(liveState, "livestate-error");
      liveState.pushEvent("add", {});
      liveState.connect();
      liveState.disconnect();
      liveState.pushEvent("add", {});
      return details.map(({ type, event }) => [type, event]);
    },
    "throws: tried to push 'lvs_evt:add' to 'todos:me' before joining. Use channel.join() before pushing events",
    [
      ["not sent", "add"],
      ["not sent", "add"],
    ],
  ],
  [
    "e) @liveState without provide: connects",
    async (run) => {
      const element = run.mount(new (run.decorate({ url: run.config.url, topic: "t" }))());
      return element.liveState.connected;
    },
    false,
    true,
  ],
  [
    "e) connectElement(liveState, element): connects",
    async (run) => {
      const liveState = run.make();
      run.library.connectElement(liveState, document.createElement("div"), {});
      return liveState.connected;
    },
    false,
    true,
  ],
  [
    "f) @liveStateConfig of a param: beside the class's params",
    async (run) => {
      const { liveStateConfig } = run.library;
      const Base = class extends HTMLElement {
        key = "abc";
      };
      const provide = { scope: window, name: "tableParams" };
      const options = { url: run.config.url, topic: "t", params: { a: 1 }, provide };
      run.mount(new (run.decorate(options, Base, [[liveStateConfig("params.key"), "key"]]))());
      const { payload } = await (await run.server.link()).take("phx_join");
      return [payload.a, payload.key];
    },
    [undefined, "abc"],
    [1, "abc"],
  ],
  [
    "g) while the connection is lost: says so, as a property and an event",
    async (run) => {
      const [liveState, link] = await run.joined();
      const details = run.record(liveState, "livestate-status");
      const isClosed = new Promise<void>((resolve) => {
        liveState.socket.onClose(() => resolve());
      });
      link.close();
      await isClosed;
      return [(liveState as Json).status, details.map(({ status }) => status)];
    },
    [undefined, []],
    ["offline", ["offline"]],
  ],
  [
    "livestate-connect: fired when the topic is joined",
    async (run) => {
      const liveState = run.make();
      const details = run.record(liveState, "livestate-connect");
      liveState.connect();
      await run.accept(liveState, {});
      return details.length;
    },
    0,
    1,
  ],
  [
    "a refusal that is bare text: is the message",
    async (run) => {
      const liveState = run.make();
      const details = run.record(liveState, "livestate-error");
      liveState.connect();
      const link = await run.server.link();
      link.reply(await link.take("phx_join"), "Go away!", "error");
      await until(() => details.length === 1);
      return details[0].message;
    },
    undefined,
    "Go away!",
  ],
  [
    "a patch that can't be applied: asks for the state",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      run.catch(liveState);
      link.push(join, "state:patch", { patch: [{ op: "remove", path: "/x/y" }], version: 1 });
      await settled(liveState, link, join);
      liveState.pushEvent("last", {});
      await link.take("lvs_evt:last");
      return [liveState.state, link.count("lvs_refresh")];
    },
    [{ items: [] }, 0],
    [{ items: [] }, 1],
  ],
  [
    "an element that comes when there is a state: has it at once",
    async (run) => {
      const [liveState] = await run.joined({ items: ["a"] });
      const element = run.mount(document.createElement("div"));
      run.library.connectElement(liveState, element, { properties: ["items"] });
      return element.items;
    },
    undefined,
    ["a"],
  ],
  [
    "a path into what is not there: undefined, and the others still follow",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      const element = run.mount(document.createElement("div"));
      run.catch(liveState);
      run.library.connectProperty(liveState, element, { name: "deep", path: "a.b.c" });
      link.push(join, "state:change", { state: { a: { b: { c: 1 } } }, version: 1 });
      await until(() => element.deep === 1);
      element.deep = "stale";
      link.push(join, "state:change", { state: {}, version: 2 });
      await settled(liveState, link, join);
      return element.deep;
    },
    "stale",
    undefined,
  ],
  [
    "an event that is both received and sent: does not go round",
    async (run) => {
      const [liveState, link, join] = await run.joined();
      const element = run.mount(document.createElement("div"));
      const events = { send: ["tell"], receive: ["tell"] };
      run.library.connectElement(liveState, element, { events });
      link.push(join, "tell", {});
      await settled(liveState, link, join);
      liveState.pushEvent("last", {});
      await link.take("lvs_evt:last");
      return link.count("lvs_evt:tell");
    },
    1,
    0,
  ],
  [
    "an element that leaves: does not disconnect what others share",
    async (run) => {
      const provide = { scope: window, name: "tableCounted" };
      const Provider = run.decorate({ url: run.config.url, topic: "t", provide });
      const Consumer = run.decorate({ context: "tableCounted" });
      const provider = run.mount(new Provider());
      const { liveState } = provider;
      const consumers = [run.mount(new Consumer()), run.mount(new Consumer())];
      await run.accept(liveState, {});
      const connected: boolean[] = [];
      for (const element of [provider, ...consumers]) {
        element.remove();
        await Promise.resolve();
        connected.push(liveState.connected);
      }
      return connected;
    },
    [false, false, false],
    [true, true, false],
  ],
  [
    "a name that two elements provide: is there until the last has left",
    async (run) => {
      const scope = window as Json;
      const provide = { scope, name: "tableTwice" };
      const Provider = run.decorate({ url: run.config.url, topic: "t", provide });
      const elements = [run.mount(new Provider()), run.mount(new Provider())];
      return elements.map((element) => {
        element.remove();
        return "tableTwice" in scope;
      });
    },
    [false, false],
    [true, false],
  ],
  [
    "an element that is moved: keeps its LiveState and its connection",
    async (run) => {
      const provide = { scope: window, name: "tableMoved" };
      const element = run.mount(new (run.decorate({ url: run.config.url, topic: "t", provide }))());
      const { liveState } = element;
      await run.accept(liveState, {});
      const place = run.mount(document.createElement("div"));
      place.append(element);
      await Promise.resolve();
      return [element.liveState === liveState, liveState.connected];
    },
    [false, false],
    [true, true],
  ],
  [
    "@liveStateProperty of a subclass: not the base class's",
    async (run) => {
      const { liveStateProperty } = run.library;
      const [liveState, link, join] = await run.joined();
      const Base = run.decorate({}, HTMLElement, [[liveStateProperty(), "items"]]);
      const Sub = run.decorate({}, Base, [[liveStateProperty(), "count"]]);
      const [base, sub] = [new Base() as Json, new Sub() as Json];
      run.library.connectElement(liveState, base, {});
      run.library.connectElement(liveState, sub, {});
      link.push(join, "state:change", { state: { items: ["a"], count: 1 }, version: 1 });
      await settled(liveState, link, join);
      return ["count" in base, base.items, sub.items, sub.count];
    },
    [true, ["a"], ["a"], 1],
    [false, ["a"], ["a"], 1],
  ],
  [
    "@liveState of a subclass and its base: one LiveState, with what both say",
    async (run) => {
      const { url } = run.config;
      const provide = { scope: window, name: "tableBase" };
      const Base = run.decorate({ url, topic: "base", provide, properties: ["a"] });
      const Sub = run.decorate({ topic: "sub", properties: ["b"] }, Base);
      const element = run.mount(new Sub());
      const { socket, channel } = element.liveState;
      await until(() => run.server.server.clients.size > 0);
      return [socket.endPointURL().startsWith(url), channel.topic];
    },
    [false, "sub"],
    [true, "sub"],
  ],
  [
    "@liveStateConfig that is not set: leaves what the class says",
    async (run) => {
      const { liveStateConfig } = run.library;
      const provide = { scope: window, name: "tableUnset" };
      const options = { url: run.config.url, topic: "t", provide };
      const members = [[liveStateConfig("topic"), "subject"]];
      return run.mount(new (run.decorate(options, HTMLElement, members))()).liveState.channel.topic;
    },
    undefined,
    "t",
  ],
];

describe("as in phx-live-state", () => {
  it.each(SAME)("%s", async (_name, scene, result) => {
    expect(await play(theirs, scene)).toEqual(result);
    document.body.replaceChildren();
    expect(await play(ours, scene)).toEqual(result);
  });
});

describe("unlike phx-live-state", () => {
  it.each(MENDED)("%s", async (_name, scene, fault, result) => {
    expect(await play(theirs, scene)).toEqual(fault);
    document.body.replaceChildren();
    expect(await play(ours, scene)).toEqual(result);
  });
});

it("has each name that phx-live-state has", () => {
  expect(Object.keys(ours)).toEqual(expect.arrayContaining(Object.keys(theirs)));
});
