import type { IncomingMessage } from "node:http";
import { html, LitElement } from "lit";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { WebSocket } from "ws";
import { LiveController } from "../src/controller";
import { liveState, liveStateConfig } from "../src/decorators";
import { LiveElement } from "../src/element";
import type { Json } from "../src/json";
import type { SocketOptions } from "../src/membership";
import { reactElement } from "../src/react";
import { LiveTemplate } from "../src/template";
import { client, server, useServer } from "./client";
import { textOf } from "./page";
import { until } from "./until";

useServer();

/** The requests of the connections that came. */
let requests: IncomingMessage[];

beforeEach(() => {
  requests = [];
  server.server.on("connection", (_, request) => requests.push(request));
  client(); // for what is ended after the test
});

afterEach(async () => {
  document.body.replaceChildren();
  await until(() => server.server.clients.size === 0);
});

interface Todos {
  items: string[];
}

class SignedList extends LiveElement<Todos> {
  override render({ items }: Todos) {
    return html`${items.join()}`;
  }
}
customElements.define("signed-list", SignedList);
customElements.define("signed-template", class extends LiveTemplate {});
customElements.define(
  "signed-react",
  reactElement<Todos>(({ state }) => state.items.join()),
);
customElements.define(
  "signed-plain",
  class extends LitElement {
    declare url: string;
    declare topic: string;
    declare socketOptions: SocketOptions;
    static override properties = { url: {}, topic: {}, socketOptions: {} };
    live = new LiveController<Todos>(this);

    override render() {
      return this.live.state?.items.join();
    }
  },
);

/** Puts an element on the page that knows all but its topic. */
function mount(tag: string, socketOptions: SocketOptions): SignedList {
  document.body.innerHTML = `<${tag} url="${server.url}"><p :text="items[0]"></p></${tag}>`;
  const element = document.body.firstElementChild as SignedList;
  element.socketOptions = { transport: WebSocket, ...socketOptions } as SocketOptions;
  return element;
}

/** The authToken that a connection brought. */
function tokenOf(request: IncomingMessage | undefined): string {
  const offered = request?.headers["sec-websocket-protocol"]?.split("base64url.bearer.phx.")[1];
  return atob(offered ?? "");
}

describe("an element's socketOptions", () => {
  it.each(["signed-list", "signed-template", "signed-react", "signed-plain"])(
    "are those of its first connection, set before the topic: <%s>",
    async (tag) => {
      const element = mount(tag, { authToken: "secret", params: { team: "7" } });
      element.topic = "todos:me";
      await (await server.link()).accept({ items: ["milk"] });
      await until(() => textOf(element).includes("milk"));
      expect(requests.map(tokenOf)).toEqual(["secret"]);
      expect(requests[0]?.url).toContain("team=7");
      expect(requests[0]?.url).not.toContain("secret");
    },
  );

  it.each(["signed-list", "signed-template"])(
    "are no other ones where they are made anew and say the same: <%s>",
    async (tag) => {
      const element = mount(tag, { authToken: "secret", params: { team: "7" } });
      element.topic = "todos:me";
      await (await server.link()).accept({ items: ["milk"] });
      await until(() => textOf(element).includes("milk"));
      const { liveState } = element.live;
      element.socketOptions = { ...element.socketOptions, params: { team: "7" } };
      await element.updateComplete;
      expect(element.live.liveState).toBe(liveState);
    },
  );

  it.each([
    ["an authToken", { authToken: "other" }],
    ["params", { params: { team: "8" } }],
    ["a function for params", { params: () => ({}) }],
  ])("connect it again where they have another: %s", async (_, other) => {
    const element = mount("signed-list", { authToken: "secret", params: { team: "7" } });
    element.topic = "todos:me";
    await (await server.link()).accept({ items: ["milk"] });
    await until(() => textOf(element) === "milk");
    element.socketOptions = { ...element.socketOptions, ...other };
    await (await server.link()).accept({ items: ["tea"] });
    await until(() => textOf(element) === "tea");
    await until(() => server.server.clients.size === 1);
  });

  it("connect it again without params where they had some", async () => {
    const element = mount("signed-list", { params: { team: "7" } });
    element.topic = "todos:me";
    await (await server.link()).accept({ items: ["milk"] });
    await until(() => textOf(element) === "milk");
    const { params, ...others } = element.socketOptions ?? {};
    element.socketOptions = others;
    await (await server.link()).accept({ items: ["tea"] });
    await until(() => textOf(element) === "tea");
    expect(requests.map(({ url }) => url?.includes("team"))).toEqual([true, false]);
  });

  it("ask a function for the authToken of each connection", async () => {
    const authToken = vi.fn().mockReturnValueOnce("first").mockReturnValueOnce("second");
    const element = mount("signed-list", { authToken, reconnectAfterMs: () => 0 });
    element.topic = "todos:me";
    const link = await server.link();
    await link.accept({ items: [] });
    await until(() => element.live.status === "live");
    link.close();
    await (await server.link()).accept({ items: ["milk"] });
    await until(() => textOf(element) === "milk");
    expect(requests.map(tokenOf)).toEqual(["first", "second"]);
  });

  it("are read of a decorated member", async () => {
    class Signed extends LitElement {
      liveState: Json;
      socketOptions = { transport: WebSocket, authToken: "secret" };
    }
    liveStateConfig("socketOptions")(Signed.prototype, "socketOptions");
    liveState({ url: server.url, topic: "todos:me" })(Signed);
    customElements.define("signed-decorated", Signed);
    const element = new Signed();
    document.body.append(element);
    await (await server.link()).accept({ items: ["milk"] });
    await until(() => element.liveState.state);
    expect(requests.map(tokenOf)).toEqual(["secret"]);
  });

  it("are typed", () => {
    expectTypeOf<SignedList["socketOptions"]>().toEqualTypeOf<SocketOptions | undefined>();
    expectTypeOf<{ authToken: () => string }>().toExtend<SocketOptions>();
    expectTypeOf<{ authToken: number }>().not.toExtend<SocketOptions>();
  });
});
