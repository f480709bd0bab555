import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { Json, JsonObject } from "../src/json";
import type { LiveState } from "../src/live-state";
import type { LiveProps } from "../src/react";
import { textOf } from "./page";
import { loadReact, type Reacts } from "./reacts";
import { type Frame, type Link, ScriptedServer } from "./server";
import { until } from "./until";

const INITIAL = { title: "initial", count: 0 };

describe.each([18, 19] as const)("with React %i", (version) => {
  let react: Reacts;
  let server: ScriptedServer;
  let live: LiveState<Json>;
  let link: Link;
  let join: Frame;
  let place: HTMLElement;
  let unmount = () => {};
  let tag = 0;

  beforeAll(async () => {
    react = await loadReact(version);
  });

  beforeEach(async () => {
    vi.stubGlobal("WebSocket", WebSocket);
    server = await ScriptedServer.start();
    live = makeLive("todos:me");
    place = document.createElement("div");
    document.body.append(place);
  });

  afterEach(async () => {
    unmount();
    unmount = () => {};
    document.body.replaceChildren();
    await Promise.resolve();
    await server.stop();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const makeLive = (topic: string) =>
    new react.LiveState({
      url: server.url,
      topic,
      socketOptions: { rejoinAfterMs: () => 20 } as JsonObject,
    });

  /** Renders a tree of React's, again if there is one. */
  function rendering(): (node: Json) => void {
    const root = react.createRoot(place);
    unmount = () => root.unmount();
    return (node) => root.render(node);
  }

  async function answer(state: Json): Promise<void> {
    link = await server.link();
    join = await link.accept(state);
  }

  function patch(path: string, value: Json, version: number): void {
    const patch = [{ op: "replace", path, value }];
    link.push(join, "state:patch", { patch, version });
  }

  it("is that version", () => {
    expect(react.version).toMatch(`${version}.`);
  });

  describe("useLiveState", () => {
    function Title() {
      const [state, pushEvent] = react.useLiveState(live, INITIAL);
      const onClick = () => pushEvent("add", { title: "tea" });
      return react.createElement("button", { onClick }, state.title);
    }

    it("gives what it was told, then the state, and sends events", async () => {
      rendering()(react.createElement(Title));
      await until(() => textOf(place) === "initial");
      await answer({ title: "one" });
      await until(() => textOf(place) === "one");
      patch("/title", "two", 1);
      await until(() => textOf(place) === "two");
      place.querySelector("button")?.click();
      expect((await link.take("lvs_evt:add")).payload).toEqual({ title: "tea" });
    });

    it("gives what is expected of an event, and whether it is on its way", async () => {
      function Adder() {
        const [{ count }, pushEvent] = react.useLiveState(live, INITIAL);
        const isAdding = react.useIsPending(live, "add");
        const optimistic = (draft: Json) => {
          draft.count += 1;
        };
        const onClick = () => pushEvent("add", {}, { optimistic });
        return react.createElement("button", { onClick, disabled: isAdding }, count);
      }
      rendering()(react.createElement(Adder));
      await answer({ count: 1 });
      await until(() => textOf(place) === "1");
      const button = place.querySelector("button") as HTMLButtonElement;
      button.click();
      await until(() => textOf(place) === "2" && button.disabled);
      link.reply(await link.take("lvs_evt:add"), { message: "no" }, "error");
      await until(() => textOf(place) === "1" && !button.disabled);
    });

    it("loses nothing where StrictMode mounts twice", async () => {
      rendering()(react.createElement(react.StrictMode, null, react.createElement(Title)));
      await answer({ title: "one" });
      await until(() => textOf(place) === "one");
      expect(link.count("phx_join")).toBe(1);
      expect(link.count("phx_leave")).toBe(0);
      expect(server.server.clients.size).toBe(1);
    });

    it("gives the connection back with the last component, and takes it again", async () => {
      const render = rendering();
      const title = (key: string) => react.createElement(Title, { key });
      render([title("a"), title("b")]);
      await answer({ title: "one" });
      await until(() => textOf(place) === "one one");
      render([title("b")]);
      await until(() => textOf(place) === "one");
      patch("/title", "two", 1);
      await until(() => textOf(place) === "two");
      render([]);
      await link.take("phx_leave");
      expect(live.connected).toBe(false);
      render([title("c")]);
      await answer({ title: "three" });
      await until(() => textOf(place) === "three");
    });

    it("keeps what another holds", async () => {
      live.connect();
      const render = rendering();
      render(react.createElement(Title));
      await answer({ title: "one" });
      await until(() => textOf(place) === "one");
      render(null);
      await until(() => textOf(place) === "");
      await Promise.resolve();
      expect(live.connected).toBe(true);
      live.disconnect();
    });

    it("follows when it is given another LiveState", async () => {
      const Any = ({ of }: { of: LiveState }) => react.useLiveState(of, INITIAL)[0].title;
      const render = rendering();
      render(react.createElement(Any, { of: live }));
      await answer({ title: "one" });
      await until(() => textOf(place) === "one");
      const other = makeLive("todos:you");
      render(react.createElement(Any, { of: other }));
      await until(() => textOf(place) === "initial");
      await answer({ title: "other" });
      await until(() => textOf(place) === "other");
      expect([live.connected, other.connected]).toEqual([false, true]);
    });

    it("renders a component only for what it selects", async () => {
      const renders = { count: 0, both: 0, title: 0 };
      const Count = () => {
        renders.count += 1;
        return react.useLiveState(live, INITIAL, { select: ({ count }) => count })[0];
      };
      const isEqual = (one: number[], other: number[]) => `${one}` === `${other}`;
      const Both = () => {
        renders.both += 1;
        const select = ({ count }: typeof INITIAL) => [count, count + 1];
        return react.useLiveState(live, INITIAL, { select, isEqual })[0].join();
      };
      const Heading = () => {
        renders.title += 1;
        return react.useLiveState(live, INITIAL)[0].title;
      };
      const parts = [Count, Both, Heading].map((part) =>
        react.createElement(part, { key: part.name }),
      );
      rendering()(parts);
      await answer({ title: "one", count: 1 });
      await until(() => textOf(place) === "1 1,2 one");
      Object.assign(renders, { count: 0, both: 0, title: 0 });
      patch("/title", "two", 1);
      await until(() => textOf(place) === "1 1,2 two");
      expect(renders).toEqual({ count: 0, both: 0, title: 1 });
      patch("/count", 5, 2);
      await until(() => textOf(place) === "5 5,6 two");
      expect(renders).toEqual({ count: 1, both: 1, title: 2 });
    });

    it("is rendered on a server with what it was told, and connects nothing", () => {
      expect(react.renderToString(react.createElement(Title))).toBe("<button>initial</button>");
      expect(live.connected).toBe(false);
    });
  });

  describe("reactElement", () => {
    interface Shown {
      title: string;
    }

    function make(component: (props: LiveProps<Shown>) => Json): HTMLElement {
      const Element = react.reactElement<Shown>(component);
      tag += 1;
      customElements.define(`react-${version}-${tag}`, Element);
      return Object.assign(new Element(), { liveState: live });
    }

    it("shows a component that has the state and may dispatch", async () => {
      const element = make(({ state, live }) =>
        react.createElement("button", { onClick: () => live.dispatch("go") }, state.title),
      );
      document.body.append(element);
      expect(textOf(element)).toBe("");
      await answer({ title: "one" });
      await until(() => textOf(element) === "one");
      patch("/title", "two", 1);
      await until(() => textOf(element) === "two");
      element.shadowRoot?.querySelector("button")?.click();
      await link.take("lvs_evt:go");
    });

    it("connects by its attributes", async () => {
      const { localName } = make(({ state }) => state.title);
      document.body.innerHTML = `<${localName} url="${server.url}" topic="todos:you"></${localName}>`;
      await answer({ title: "yours" });
      expect(join.topic).toBe("todos:you");
      await until(() => textOf(document.body) === "yours");
    });

    it("keeps what its component remembers when it is moved, and forgets it when removed", async () => {
      const element = make(({ state }) => {
        const [clicks, setClicks] = react.useState(0);
        const onClick = () => setClicks(clicks + 1);
        return react.createElement("button", { onClick }, `${state.title} ${clicks}`);
      });
      document.body.append(element);
      await answer({ title: "one" });
      await until(() => textOf(element) === "one 0");
      element.shadowRoot?.querySelector("button")?.click();
      await until(() => textOf(element) === "one 1");
      const other = document.createElement("div");
      document.body.append(other);
      other.append(element);
      await Promise.resolve();
      expect(textOf(element)).toBe("one 1");
      element.remove();
      await link.take("phx_leave");
      document.body.append(element);
      await answer({ title: "again" });
      await until(() => textOf(element) === "again 0");
    });

    it("shows an exception of its component in its place, until a state renders well", async () => {
      vi.spyOn(console, "error").mockImplementation(() => {});
      const element = make(({ state }) => {
        if (state.title === "bad") throw new TypeError("no title");
        return state.title;
      });
      document.body.append(element);
      await answer({ title: "bad" });
      await until(() => textOf(element).includes("could not be rendered. TypeError: no title"));
      link.push(join, "state:change", { state: { title: "good" }, version: 1 });
      await until(() => textOf(element) === "good");
    });
  });
});
