import { once } from "node:events";
import { html } from "lit";
import { describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { LiveElement } from "../src/element";
import type { JsonObject } from "../src/json";
import { LiveTemplate } from "../src/template";
import { client, joined, live, record, server, useServer } from "./client";
import { find, textOf } from "./page";
import { until } from "./until";

useServer();

interface Todos {
  items: string[];
}

class SharedList extends LiveElement<Todos> {
  override render({ items }: Todos) {
    return html`<p>${items.join()}</p>
      <input />`;
  }
}
customElements.define("shared-list", SharedList);
customElements.define("shared-template", class extends LiveTemplate {});

/** Counts the connections that come from now on. */
function countConnections(): () => number {
  let count = 0;
  server.server.on("connection", () => {
    count += 1;
  });
  return () => count;
}

describe("a client with a share", () => {
  it("sends it with each join, and in no address", async () => {
    const urls: (string | undefined)[] = [];
    server.server.on("connection", (_, { url }) => urls.push(url));
    client({ share: "lvs.a", params: { team: 7 } }).connect();
    const link = await server.link();
    const join = await link.accept({ items: [] });
    expect(join.payload).toEqual({ team: 7, share: "lvs.a", livestate: {} });
    await until(() => live.status === "live");
    link.close();
    const again = await (await server.link()).accept({ items: ["milk"] });
    expect(again.payload).toMatchObject({ team: 7, share: "lvs.a" });
    await until(() => live.state?.items.length === 1);
    expect(urls).toHaveLength(2);
    expect(urls.filter((url) => url?.includes("lvs."))).toEqual([]);
  });

  it.each([
    "share revoked",
    "no share came with the join",
    "fill in which one: a topic such as 'todos:*' stands for many",
  ])("asks no more once it was refused for good (%s), and connects no more", async (reason) => {
    const connections = countConnections();
    // As slow timers would: at once.
    const socketOptions = {
      transport: WebSocket,
      rejoinAfterMs: () => 0,
      reconnectAfterMs: () => 0,
    } as JsonObject;
    client({ share: "lvs.a", socketOptions }).connect();
    const errors = record("livestate-error");
    const link = await server.link();
    link.reply(await link.take("phx_join"), { reason }, "error");
    await until(() => live.status === "error");
    const detail = { reason };
    expect(errors).toEqual([{ type: "channel join error", message: reason, detail }]);
    await until(() => server.server.clients.size === 0);
    await expect(live.dispatch("add")).rejects.toThrow(`The event was not sent: ${reason}.`);
    // A frame or a connection that was on its way is there before another that comes after it.
    const next = new WebSocket(server.url);
    await Promise.all([once(next, "open"), server.link()]);
    next.close();
    expect([link.count("phx_join"), connections()]).toEqual([1, 2]);
    expect(live.status).toBe("error");
  });

  it("joins again when the refusal is not of its share", async () => {
    client({ share: "lvs.a" }).connect();
    const link = await server.link();
    link.reply(await link.take("phx_join"), { reason: "unmatched topic" }, "error");
    await until(() => live.status === "error");
    const join = await link.accept({ items: [] });
    expect(join.payload.share).toBe("lvs.a");
    await until(() => live.status === "live");
  });

  it("tries once more when its share ends while it is connected, and keeps the state", async () => {
    const connections = countConnections();
    client({ share: "lvs.a" }).connect();
    const link = await server.link();
    await link.accept({ items: ["milk"] });
    await until(() => live.status === "live");
    link.close();
    const again = await server.link();
    again.reply(await again.take("phx_join"), { reason: "share expired" }, "error");
    await until(() => live.status === "error");
    expect(live.error?.message).toBe("share expired");
    expect(live.state).toEqual({ items: ["milk"] });
    await until(() => server.server.clients.size === 0);
    expect(connections()).toBe(2);
  });

  it("can be connected again by whoever has a reason to", async () => {
    client({ share: "lvs.a" }).connect();
    const link = await server.link();
    link.reply(await link.take("phx_join"), { reason: "share expired" }, "error");
    await until(() => live.status === "error");
    live.disconnect();
    live.connect();
    await (await server.link()).accept({ items: [] });
    await until(() => live.status === "live");
  });

  it("leaves others alone on a socket that they share", async () => {
    const { link } = await joined();
    const other = live;
    client({ socket: other.socket, url: undefined, topic: "todos:you", share: "lvs.a" }).connect();
    const join = await link.take("phx_join");
    link.reply(join, { reason: "share revoked" }, "error");
    await until(() => live.status === "error");
    expect(other.status).toBe("live");
    expect(other.socket.isConnected()).toBe(true);
    other.disconnect();
  });
});

describe("an element with a share", () => {
  function mount(tag: string, content = ""): LiveElement<Todos> {
    vi.stubGlobal("WebSocket", WebSocket);
    document.body.innerHTML = `<${tag} url="${server.url}" topic="todos:me" share="lvs.a">${content}</${tag}>`;
    const element = document.body.firstElementChild as LiveElement<Todos>;
    client(); // for what is ended after the test
    return element;
  }

  it.each([
    ["shared-list", ""],
    ["shared-template", '<p :text="items[0]"></p>'],
  ])("%s sends it, and joins by another once it has that", async (tag, content) => {
    const element = mount(tag, content);
    const link = await server.link();
    const first = await link.take("phx_join");
    expect(first.payload).toEqual({ share: "lvs.a", livestate: {} });
    link.reply(first, { reason: "share revoked" }, "error");
    await until(() => element.live.status === "error");
    element.share = "lvs.b";
    const join = await (await server.link()).accept({ items: ["milk"] });
    expect(join.payload.share).toBe("lvs.b");
    await until(() => textOf(element).includes("milk"));
    element.remove();
    vi.unstubAllGlobals();
  });

  it("says above its last state why that goes on no more, and keeps what is typed", async () => {
    const element = mount("shared-list");
    const link = await server.link();
    await link.accept({ items: ["milk"] });
    await until(() => textOf(element) === "milk");
    const input = find<HTMLInputElement>(element, "input");
    input.value = "half a wo";
    link.close();
    const again = await server.link();
    again.reply(await again.take("phx_join"), { reason: "share revoked" }, "error");
    await until(() => textOf(element) === "Not connected: share revoked milk");
    expect(find(element, "[role=alert]")).toBeDefined();
    expect(find(element, "input")).toBe(input);
    expect(input.value).toBe("half a wo");
    element.remove();
    vi.unstubAllGlobals();
  });
});
