// @vitest-environment node
import { Socket } from "phoenix";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Carrier, CommTransport } from "../src/comm";
import { Line, lineTransport } from "../src/line";
import { FakeModel } from "./model";

let carrier: Carrier;
let model: FakeModel;
let remove: () => void;
let transport: CommTransport;
let calls: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  carrier = new Carrier();
  model = new FakeModel();
  remove = carrier.add(model);
});

afterEach(() => {
  vi.useRealTimers();
});

/** Opens a connection and records what it calls. */
function connect(): string {
  transport = new CommTransport(carrier);
  calls = [];
  transport.onopen = () => calls.push("open");
  transport.onmessage = ({ data }) => calls.push(data);
  transport.onclose = ({ code, reason }) => calls.push([code, reason]);
  const opening = model.sent.at(-1);
  return opening?.connection ?? "";
}

function open(): string {
  const connection = connect();
  model.emit("msg:custom", { livestate: "open", connection });
  return connection;
}

describe("a connection over a comm", () => {
  it("is open when Python says so", () => {
    const connection = connect();
    expect(model.sent).toEqual([{ livestate: "open", connection, vsn: "2.0.0" }]);
    expect(connection).toMatch(/^[\da-z]+(-[\da-z]+){3}$/);
    expect(transport.readyState).toBe(0);
    model.emit("msg:custom", { livestate: "open", connection });
    expect(transport.readyState).toBe(1);
    expect(calls).toEqual(["open"]);
  });

  it("carries frames both ways", () => {
    const connection = open();
    transport.send("[1]");
    expect(model.sent.at(-1)).toEqual({ livestate: "frame", connection, number: 0, frame: "[1]" });
    model.emit("msg:custom", { livestate: "frame", connection, number: 0, frame: "[2]" });
    expect(calls).toEqual(["open", "[2]"]);
  });

  it("carries binary frames as buffers", () => {
    const connection = open();
    const sent = new Uint8Array([0, 255]).buffer;
    transport.send(sent);
    expect(model.sent.at(-1)).toEqual({ livestate: "frame", connection, number: 0 });
    expect(model.buffers).toEqual([sent]);
    const came = new DataView(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2);
    model.emit("msg:custom", { livestate: "frame", connection, number: 0 }, [came]);
    expect(calls[1]).toBeInstanceOf(ArrayBuffer);
    expect([...new Uint8Array(calls[1] as ArrayBuffer)]).toEqual([1, 2]);
  });

  it("ignores what is for others", () => {
    const connection = open();
    model.emit("msg:custom", { livestate: "frame", connection: "other", number: 0, frame: "[2]" });
    model.emit("msg:custom", { livestate: "close", connection: "other", code: 1001, reason: "" });
    model.emit("msg:custom", { livestate: "open", connection });
    model.emit("msg:custom", "something else");
    model.emit("msg:custom", null);
    expect(calls).toEqual(["open"]);
  });

  it("has an id of its own each time", () => {
    expect(connect()).not.toBe(connect());
  });

  it("closes when Python says so", () => {
    const connection = open();
    model.emit("msg:custom", { livestate: "close", connection, code: 1001, reason: "unknown" });
    expect(transport.readyState).toBe(3);
    expect(calls).toEqual(["open"]);
    vi.runOnlyPendingTimers();
    expect(calls).toEqual(["open", [1001, "unknown"]]);
    model.emit("msg:custom", { livestate: "frame", connection, number: 0, frame: "[2]" });
    transport.send("[3]");
    expect(model.sent).toHaveLength(1);
    expect(calls).toHaveLength(2);
  });

  it("tells Python when the page closes it", () => {
    const connection = open();
    transport.close(1000, "bye");
    transport.close();
    expect(model.sent.slice(1)).toEqual([
      { livestate: "close", connection, code: 1000, reason: "bye" },
    ]);
    vi.runOnlyPendingTimers();
    expect(calls).toEqual(["open", [1000, "bye"]]);
  });

  it("closes when sending throws, as after a kernel restart", () => {
    open();
    model.isAlive = false;
    transport.send("[1]");
    expect(calls).toEqual(["open"]);
    vi.runOnlyPendingTimers();
    expect(calls).toEqual(["open", [1006, "the comm has ended"]]);
    expect(carrier.model).toBeUndefined();
  });

  it("closes when the first message can't be sent", () => {
    model.isAlive = false;
    connect();
    vi.runOnlyPendingTimers();
    expect(calls).toEqual([[1006, "the comm has ended"]]);
  });

  it("closes when there is no model at all", () => {
    remove();
    connect();
    vi.runOnlyPendingTimers();
    expect(calls).toEqual([[1006, "the kernel has gone"]]);
    transport.close();
  });

  it.each(["comm:close", "comm_live_update", "destroy"])("closes on the model's %s", (event) => {
    open();
    model.emit(event);
    vi.runOnlyPendingTimers();
    expect(calls).toEqual(["open", [1006, "the comm has ended"]]);
    expect(model.listenerCount).toBe(0);
  });

  it("sends heartbeats and closes on none that are unanswered", () => {
    const connection = open();
    vi.advanceTimersByTime(3 * 30_000);
    const frame = '[null,null,"phoenix","heartbeat",{}]';
    expect(model.sent.slice(1)).toEqual(
      Array.from({ length: 3 }, (_, number) => ({ livestate: "frame", connection, number, frame })),
    );
    expect(transport.readyState).toBe(1);
    transport.close();
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toHaveLength(5);
  });

  it("takes what comes twice once", () => {
    const connection = open();
    for (const number of [0, 0, 1, 0]) {
      model.emit("msg:custom", { livestate: "frame", connection, number, frame: `[${number}]` });
    }
    expect(calls).toEqual(["open", "[0]", "[1]"]);
  });

  it("ends when a frame is missing, for phoenix to connect again", () => {
    const connection = open();
    model.emit("msg:custom", { livestate: "frame", connection, number: 1, frame: "[1]" });
    vi.runOnlyPendingTimers();
    const reason = "a frame was lost on the way";
    expect(calls).toEqual(["open", [1006, reason]]);
    expect(model.sent.at(-1)).toEqual({ livestate: "close", connection, code: 1001, reason });
  });

  it("sends heartbeats behind what nothing answers, by which a loss is noticed", () => {
    const connection = open();
    transport.send("[1]");
    transport.send("[2]");
    vi.advanceTimersByTime(20_000);
    const heartbeat = '[null,null,"phoenix","heartbeat",{}]';
    expect(model.sent.slice(1).map((message) => (message as { frame: string }).frame)).toEqual([
      "[1]",
      "[2]",
      heartbeat,
      heartbeat,
      heartbeat,
    ]);
    model.emit("msg:custom", { livestate: "frame", connection, number: 0, frame: "[3]" });
    transport.send("[4]");
    model.emit("msg:custom", { livestate: "frame", connection, number: 1, frame: "[5]" });
    vi.advanceTimersByTime(5_000);
    expect(model.sent).toHaveLength(7);
  });

  it("leaves no listener behind", () => {
    const before = model.listenerCount;
    open();
    transport.close();
    expect(model.listenerCount).toBe(before);
    remove();
    expect(model.listenerCount).toBe(0);
  });
});

describe("a carrier", () => {
  it("moves connections to another model when theirs ends, and says goodbye for the old", () => {
    const first = open();
    const other = new FakeModel();
    carrier.add(other);
    remove();
    vi.runOnlyPendingTimers();
    expect(calls).toEqual(["open", [1006, "the comm has ended"]]);
    expect(other.sent).toEqual([{ livestate: "close", connection: first, code: 1001, reason: "" }]);
    connect();
    expect(other.sent.at(-1)?.livestate).toBe("open");
  });

  it("leaves connections over other models alone", () => {
    open();
    const other = new FakeModel();
    carrier.add(other)();
    vi.runOnlyPendingTimers();
    expect(calls).toEqual(["open"]);
  });

  it("tells when models come and go", () => {
    const models: unknown[] = [];
    carrier.addEventListener("change", () => models.push(carrier.model));
    const other = new FakeModel();
    const removeOther = carrier.add(other);
    removeOther();
    removeOther();
    remove();
    expect(models).toEqual([other, model, undefined]);
  });
});

describe("a phoenix socket over a comm", () => {
  it("connects again when Python does not know the connection, with a new id", () => {
    const socket = new Socket("comm", {
      transport: lineTransport(new Line(carrier)),
      timeout: 2 ** 31 - 1,
    });
    socket.connect();
    const { connection } = model.sent[0] ?? { connection: "" };
    model.emit("msg:custom", { livestate: "open", connection });
    expect(socket.isConnected()).toBe(true);
    model.emit("msg:custom", { livestate: "close", connection, code: 1001, reason: "unknown" });
    vi.advanceTimersByTime(50);
    expect(model.sent).toHaveLength(2);
    expect(model.sent[1]?.livestate).toBe("open");
    expect(model.sent[1]?.connection).not.toBe(connection);
    socket.disconnect();
  });

  it("does not mind a kernel that answers nothing for an hour", () => {
    const socket = new Socket("comm", {
      transport: lineTransport(new Line(carrier)),
      timeout: 2 ** 31 - 1,
    });
    socket.connect();
    const { connection } = model.sent[0] ?? { connection: "" };
    model.emit("msg:custom", { livestate: "open", connection });
    const channel = socket.channel("todos:me");
    channel.join();
    vi.advanceTimersByTime(3_600_000);
    expect(socket.isConnected()).toBe(true);
    const joins = model.sent.filter(
      (message) => message.livestate === "frame" && message.frame?.includes("phx_join"),
    );
    expect(joins).toHaveLength(1);
    socket.disconnect();
  });
});
