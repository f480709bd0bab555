// The npm package phoenix, as it is, against channels that a Jupyter server hosts.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answer,
  channel,
  connect,
  joined,
  LongPoll,
  Received,
  TOKEN,
  VERSION,
  withoutWebSockets,
} from "./clients.js";

test("a join is answered, then the state comes", async (t) => {
  const { channel: todo, received } = channel(connect(t), "todo:all");
  assert.deepEqual(await answer(todo.join()), ["ok", {}]);
  await received.count(1);
  assert.deepEqual([...received], [["state:change", { state: { todos: [] }, version: 0 }]]);
});

test("an event brings a patch with the next version, and no reply", async (t) => {
  const { channel: todo, received } = await joined(connect(t), "todo:all");
  const push = todo.push("lvs_evt:add_todo", { description: "Hello" });
  todo.push("lvs_evt:noop", {});
  await received.count(3);
  assert.deepEqual(received[1], [
    "state:patch",
    { patch: [{ op: "add", path: "/todos/0", value: { description: "Hello" } }], version: 1 },
  ]);
  assert.deepEqual(received[2], ["state:patch", { patch: [], version: 2 }]);
  assert.equal(push.receivedResp, null);
});

test("two reply events come in order, before the patch", async (t) => {
  const { channel: todo, received } = await joined(connect(t), "todo:all");
  todo.push("lvs_evt:add_todo_with_two_replies", { description: "Hello" });
  await received.count(4);
  assert.deepEqual(received.slice(1, 3), [
    ["reply_event1", { foo: "bar" }],
    ["reply_event2", { bing: "baz" }],
  ]);
  assert.equal(received[3][0], "state:patch");
});

test("a refused join says why, and the right password gets in", async (t) => {
  const socket = connect(t);
  const refused = channel(socket, "authorized:1", { password: "guess" });
  assert.deepEqual(await answer(refused.channel.join()), ["error", { reason: "Go away!" }]);
  await answer(refused.channel.leave());
  const { received } = await joined(socket, "authorized:1", { password: "secret" });
  assert.deepEqual(received[0][1].state, { authorized: true });
});

test("an authorize that raises refuses the join", async (t) => {
  const { channel: it } = channel(connect(t), "authorized:raise");
  assert.deepEqual(await answer(it.join()), ["error", { reason: "join crashed" }]);
});

test("a topic that nobody serves is unmatched", async (t) => {
  const { channel: it } = channel(connect(t), "nobody:1");
  assert.deepEqual(await answer(it.join()), ["error", { reason: "unmatched topic" }]);
});

test("a refused state is pushed as an error", async (t) => {
  const { channel: it, received } = channel(connect(t), "init_error:string");
  assert.deepEqual(await answer(it.join()), ["ok", {}]);
  await received.count(1);
  assert.deepEqual([...received], [["error", { message: "you stink" }]]);
});

test("a handler that crashes ends the channel, and the client joins again", async (t) => {
  const socket = connect(t, { rejoinAfterMs: () => 20 });
  const { channel: crash, received } = await joined(socket, "crash:1");
  const { channel: other, received: others } = await joined(socket, "todo:all");
  crash.push("lvs_evt:inc", {});
  crash.push("lvs_evt:boom", {});
  await received.count(4);
  assert.deepEqual(
    received.map(([event, payload]) => [event, payload.version ?? payload.reason]),
    [
      ["state:change", 0],
      ["state:patch", 1],
      ["phx_error", "channel_crash"],
      ["state:change", 0],
    ],
  );
  crash.push("lvs_evt:inc", {});
  other.push("lvs_evt:noop", {});
  await Promise.all([received.count(5), others.count(2)]);
  assert.equal(received[4][1].version, 1);
  assert.equal(others[1][1].version, 1);
});

test("a leave is answered after what was sent before, and the topic can be joined again", async (t) => {
  const socket = connect(t);
  const { channel: todo } = await joined(socket, "todo:all");
  const messages = new Received(); // the channel itself does not wait for the server
  socket.onMessage(({ event, payload }) => messages.add([event, payload.status]));
  todo.push("lvs_evt:add_todo", { description: "Hello" });
  todo.leave();
  await messages.count(3);
  assert.deepEqual(messages.slice(), [
    ["state:patch", undefined],
    ["phx_reply", "ok"],
    ["phx_close", undefined],
  ]);
  assert.equal(todo.state, "closed");
  const again = await joined(socket, "todo:all");
  assert.deepEqual(again.received[0][1], { state: { todos: [] }, version: 0 });
});

test("joining a topic twice replaces the first channel", async (t) => {
  const socket = connect(t);
  const first = await joined(socket, "todo:all");
  const second = await joined(socket, "todo:all");
  await first.received.until((all) => all.some(([event]) => event === "phx_close"));
  second.channel.push("lvs_evt:noop", {});
  await second.received.count(2);
  assert.equal(second.received[1][1].version, 1);
  assert.equal(first.received.filter(([event]) => event === "state:patch").length, 0);
});

test("heartbeats are answered, so the connection stays", async (t) => {
  const socket = connect(t, { heartbeatIntervalMs: 300 });
  const [replies, closes] = [new Received(), new Received()];
  socket.onClose((event) => closes.add(event));
  socket.onMessage(({ topic, event, payload }) => {
    if (topic === "phoenix") replies.add([event, payload]);
  });
  await replies.count(4);
  for (const reply of replies) {
    assert.deepEqual(reply, ["phx_reply", { status: "ok", response: {} }]);
  }
  assert.equal(closes.length, 0);
  const rtt = await new Promise((resolve) => socket.ping(resolve));
  assert.ok(rtt < 1000);
});

test("after a bad frame the server closes the socket, and the client comes back", async (t) => {
  const socket = connect(t);
  const [opens, closes] = [new Received(), new Received()];
  socket.onOpen(() => opens.add("open"));
  socket.onClose(({ code, reason }) => closes.add({ code, reason }));
  const bystander = await joined(connect(t), "todo:bystander");
  const { channel: todo, received } = await joined(socket, "todo:all");
  todo.push("lvs_evt:add_todo", { description: "Hello" });
  await received.count(2);
  socket.conn.send("not JSON");
  await closes.count(1);
  assert.equal(closes[0].code, 1011);
  assert.match(closes[0].reason, /^expected a JSON array, got a frame that is not JSON/);
  await opens.count(2);
  await received.until((all) => all.filter(([event]) => event === "state:change").length === 2);
  assert.deepEqual(received.at(-1), ["state:change", { state: { todos: [] }, version: 0 }]);
  todo.push("lvs_evt:add_todo", { description: "again" });
  await received.until((all) => all.at(-1)[0] === "state:patch");
  assert.equal(received.at(-1)[1].version, 1);
  bystander.channel.push("lvs_evt:noop", {});
  await bystander.received.count(2);
  assert.deepEqual(
    bystander.received.map(([event]) => event),
    ["state:change", "state:patch"],
  );
});

test("what is pushed while the socket is away arrives after it came back", async (t) => {
  const socket = connect(t);
  const { channel: todo, received } = await joined(socket, "todo:all");
  const closed = new Promise((resolve) => {
    socket.onClose(resolve);
  });
  socket.conn.send("[]");
  await closed;
  todo.push("lvs_evt:add_todo", { description: "meanwhile" });
  await received.until((all) => all.some(([event]) => event === "state:patch"));
  assert.deepEqual(received.at(-1)[1].patch[0].value, { description: "meanwhile" });
});

test("a message reaches all who subscribed, and the sender after its own patch", async (t) => {
  const [one, two] = await Promise.all(["one", "two"].map(() => joined(connect(t), "shared:room")));
  one.channel.push("lvs_evt:say", { text: "hi" });
  await Promise.all([one.received.count(3), two.received.count(2)]);
  const said = [{ op: "add", path: "/messages/0", value: "hi" }];
  assert.deepEqual(one.received.slice(1), [
    ["state:patch", { patch: [], version: 1 }],
    ["state:patch", { patch: said, version: 2 }],
  ]);
  assert.deepEqual(two.received.slice(1), [["state:patch", { patch: said, version: 1 }]]);
});

test("the connect params and the authToken reach channels", async (t) => {
  const options = { params: { token: TOKEN, user_id: 7 }, authToken: "a token of the app" };
  const { received } = await joined(connect(t, options), "connect_params");
  const { user_id, auth_token } = received[0][1].state;
  assert.equal(user_id, "7");
  assert.equal(auth_token, VERSION >= 1.8 ? "a token of the app" : null);
});

test("who the app refuses has no socket", async (t) => {
  const socket = connect(t, { params: { token: TOKEN, reject: "true" } });
  const [opens, errors] = [new Received(), new Received()];
  socket.onOpen(() => opens.add("open"));
  socket.onError((error) => errors.add(error));
  await errors.count(2);
  assert.equal(opens.length, 0);
});

test("bytes travel both ways", async (t) => {
  const { channel: replies, received } = await joined(connect(t), "replies");
  replies.push("lvs_evt:binary", new Uint8Array([1, 0, 255]).buffer);
  await received.count(3);
  const [event, payload] = received[1];
  assert.equal(event, "binary_echo");
  assert.deepEqual([...new Uint8Array(payload)], [1, 0, 255, 3, 4]);
  assert.deepEqual(received[2], ["state:patch", { patch: [], version: 1 }]);
});

test("events have names with colons, and payloads of all kinds", async (t) => {
  const { channel: replies, received } = await joined(connect(t), "replies");
  const payloads = [{}, [1, null], "text", 7, true, { nested: { list: ["ü", "\u2028"] } }];
  for (const payload of payloads) replies.push("lvs_evt:ns:sub:echo", payload);
  await received.count(1 + 2 * payloads.length);
  assert.deepEqual(
    received.filter(([event]) => event === "ns:echoed").map(([, { payload }]) => payload),
    payloads,
  );
});

test("a slow handler delays no other channel, and no heartbeat", async (t) => {
  const socket = connect(t);
  const { channel: slow, received } = await joined(socket, "replies");
  const { channel: todo, received: others } = await joined(socket, "todo:all");
  slow.push("lvs_evt:sleep", { ms: 2000 });
  todo.push("lvs_evt:noop", {});
  await Promise.all([others.count(2), new Promise((resolve) => socket.ping(resolve))]);
  assert.equal(received.length, 1);
  await received.count(2);
  assert.deepEqual(received[1][1].patch, [{ op: "replace", path: "/count", value: 1 }]);
});

// phoenix before 1.8 has no long-poll without a browser's XMLHttpRequest
const withoutBrowser = { skip: VERSION < 1.8 && "needs a browser" };

test("long-poll takes the place of a socket that is refused", withoutBrowser, async (t) => {
  const url = await withoutWebSockets(t);
  const socket = connect(t, { longPollFallbackMs: 2_000, authToken: "secret" }, url);
  const { channel: todo, received } = await joined(socket, "todo:all");
  assert.equal(socket.conn.constructor, LongPoll);
  for (let n = 1; n <= 5; n++) todo.push("lvs_evt:add_todo", { n });
  await received.count(6);
  assert.deepEqual(
    received.map(([, { version }]) => version),
    [0, 1, 2, 3, 4, 5],
  );
  const { received: other } = await joined(socket, "connect_params");
  assert.deepEqual(other[0][1].state, { user_id: null, auth_token: "secret" });
  const { channel: replies, received: came } = await joined(socket, "replies");
  replies.push("lvs_evt:binary", new Uint8Array([1]).buffer);
  await came.until((all) => all.some(([event]) => event === "error"));
  assert.equal(came[1][1].type, "undeliverable");
});

test("a long-poll session that has ended is begun anew", withoutBrowser, async (t) => {
  const socket = connect(t, { transport: LongPoll, rejoinAfterMs: () => 20 });
  const { channel: todo, received } = await joined(socket, "todo:all");
  todo.push("lvs_evt:noop", {});
  await received.count(2);
  socket.conn.send("not a frame");
  await received.until((all) => all.filter(([event]) => event === "state:change").length === 2);
  todo.push("lvs_evt:noop", {});
  await received.until((all) => all.at(-1)[0] === "state:patch");
  assert.equal(received.at(-1)[1].version, 1);
});
