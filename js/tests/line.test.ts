import { Socket } from "phoenix";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kernelSocketUrl } from "../src/address";
import { Carrier } from "../src/comm";
import { Line, lineTransport } from "../src/line";
import { LiveState } from "../src/live-state";
import { FakeKernel, FakeModel } from "./model";
import { configure } from "./page";
import { ScriptedServer } from "./server";
import { until } from "./until";

let kernel: FakeKernel;
let line: Line;
let server: ScriptedServer;
let live: LiveState;
let socket: Socket;

function connect(): void {
  const rejoinAfterMs = () => 10;
  socket = new Socket("kernel", { transport: lineTransport(line), rejoinAfterMs });
  live = new LiveState({ socket, topic: "todos:me", session: "cell-1" });
  live.connect();
}

beforeEach(async () => {
  server = await ScriptedServer.start();
  configure({
    baseUrl: "/user/ann%40x/",
    wsUrl: server.url.replace("/livestate", "/user/ann%40x/"),
  });
  kernel = new FakeKernel();
  const carrier = new Carrier();
  carrier.add(kernel.serve(new FakeModel()));
  line = new Line(carrier);
});

afterEach(async () => {
  live?.disconnect();
  socket?.disconnect();
  document.head.replaceChildren();
  await server.stop();
});

describe("the address of a kernel's socket", () => {
  it("is below the page's base_url, which stays encoded", () => {
    configure({ baseUrl: "/user/ann%40x/", token: "secret" });
    expect(kernelSocketUrl("k-1")).toBe(
      `ws://${location.host}/user/ann%40x/livestate/kernels/k-1/websocket?vsn=2.0.0`,
    );
  });

  it("has the page's token if the server is another host", () => {
    configure({ baseUrl: "https://hub.example/user/ann%40x/", token: "secret" });
    expect(kernelSocketUrl("k-1")).toBe(
      "wss://hub.example/user/ann%40x/livestate/kernels/k-1/websocket?token=secret&vsn=2.0.0",
    );
  });

  it.each(["", "not JSON", "[]", "{}", '{"baseUrl": 7}'])(
    "is unknown with the config %o",
    (text) => {
      configure({});
      (document.getElementById("jupyter-config-data") as HTMLElement).textContent = text;
      expect(kernelSocketUrl("k-1")).toBeUndefined();
    },
  );
});

describe("a line", () => {
  it("takes the WebSocket of the kernel and leaves the comm alone", async () => {
    line.leadTo("k-1");
    connect();
    const link = await server.link();
    await link.accept({ n: 1 });
    await until(() => live.status === "live");
    live.dispatch("inc");
    await link.take("lvs_evt:inc");
    expect(kernel.connections).toBe(0);
    expect([...line.transports].map((one) => one.skipHeartbeat)).toEqual([false]);
  });

  it("takes the comm where the server does not lead to the kernel", async () => {
    connect();
    await (await kernel.link()).accept({ n: 1 });
    await until(() => live.status === "live");
    expect(server.server.clients.size).toBe(0);
    expect([...line.transports].map((one) => one.skipHeartbeat)).toEqual([true]);
  });

  it("takes the comm where the page does not say where the server is", async () => {
    document.head.replaceChildren();
    line.leadTo("k-1");
    connect();
    await (await kernel.link()).accept({ n: 1 });
    await until(() => live.status === "live");
  });

  it("takes the comm where the server refuses, and the WebSocket when it is back", async () => {
    const { port } = new URL(server.url);
    await server.stop();
    line.leadTo("k-1");
    connect();
    await (await kernel.link()).accept({ n: 1 });
    await until(() => live.status === "live");
    server = await ScriptedServer.start(Number(port));
    await until(() => kernel.closed.length === 1);
    await server.link(); // that it is back was tried on a connection of its own
    const join = await (await server.link()).accept({ n: 2 });
    await until(() => live.version === 0 && live.status === "live");
    expect(join.payload).toMatchObject({ livestate: { session: "cell-1" } });
    expect(live.state).toEqual({ n: 2 });
  });

  it("moves to the WebSocket when the server begins to lead to the kernel, and back", async () => {
    connect();
    await (await kernel.link()).accept({ n: 1 });
    await until(() => live.status === "live");
    line.leadTo("k-1");
    const link = await server.link();
    await link.accept({ n: 2 });
    await until(() => live.status === "live");
    expect(live.state).toEqual({ n: 2 });
    line.leadTo("");
    await (await kernel.link()).accept({ n: 3 });
    await until(() => live.status === "live");
    expect(live.state).toEqual({ n: 3 });
    await until(() => server.server.clients.size === 0);
  });

  it("rejoins over the WebSocket when it was cut", async () => {
    line.leadTo("k-1");
    connect();
    const link = await server.link();
    await link.accept({ n: 1 });
    await until(() => live.status === "live");
    link.close();
    await (await server.link()).accept({ n: 2 });
    await until(() => live.status === "live");
    expect(kernel.connections).toBe(0);
  });

  it("takes the comm after a while where the server does not answer", async () => {
    server.server.options.verifyClient = () => {}; // it never calls back
    line.leadTo("k-1");
    connect();
    await (await kernel.link()).accept({ n: 1 });
    await until(() => live.status === "live");
  });

  it("can be given up before it is open", async () => {
    line.leadTo("k-1");
    connect();
    socket.disconnect();
    await until(() => line.transports.size === 0);
    expect(kernel.connections).toBe(0);
  });
});
