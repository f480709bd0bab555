// Both packages against a server with Jupyter's authentication, and channels that are ours alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, joined, live, Received, Socket, TOKEN, URL } from "./clients.js";

const changes = (received) => received.filter(([type]) => type === "livestate-change");
const errors = (received) => received.filter(([type]) => type === "livestate-error");

test("a handler that raises can leave its channel as it was", async (t) => {
  const { channel: kept, received } = await joined(connect(t), "kept:1");
  kept.push("lvs_evt:boom", {});
  kept.push("lvs_evt:inc", {});
  await received.count(4);
  assert.equal(received[1][0], "error");
  assert.equal(received[1][1].event, "boom");
  assert.deepEqual(received.slice(2), [
    ["state:patch", { patch: [], version: 1 }],
    ["state:patch", { patch: [{ op: "replace", path: "/n", value: 1 }], version: 2 }],
  ]);
});

test("without the token there is no socket", async (t) => {
  const socket = connect(t, { params: {} });
  const [opens, errors] = [new Received(), new Received()];
  socket.onOpen(() => opens.add("open"));
  socket.onError((error) => errors.add(error));
  await errors.count(2); // it tries again
  assert.equal(opens.length, 0);
});

test("a token for Phoenix beside Jupyter's does no harm", async (t) => {
  const socket = new Socket(URL, { params: { token: TOKEN }, authToken: "a token of the app" });
  t.after(() => socket.disconnect());
  socket.connect();
  const { received } = await joined(socket, "todo:all");
  assert.deepEqual(received[0][1].state, { todos: [] });
  assert.equal(socket.conn.protocol, "phoenix");
});

test("the clients of a shared room see one state; a reply is the sender's alone", async (t) => {
  const [one, two] = await Promise.all(
    ["one", "two"].map(() => joined(connect(t), "board:phoenix")),
  );
  one.channel.push("lvs_evt:draw", { line: "from one" });
  await two.received.count(2);
  two.channel.push("lvs_evt:draw", { line: "from two" });
  one.channel.push("lvs_evt:ring", {});
  for (const { received } of [one, two]) {
    await received.until((all) => all.some(([, payload]) => payload.version === 3));
  }
  const patches = (all) => all.filter(([event]) => event === "state:patch");
  assert.deepEqual(patches(one.received), patches(two.received));
  assert.deepEqual(
    patches(one.received).map(([, { version }]) => version),
    [1, 2, 3],
  );
  const drawn = ({ received }) => received.filter(([event]) => event === "drawn");
  assert.deepEqual(drawn(one), [["drawn", { lines: 1 }]]);
  assert.deepEqual(drawn(two), [["drawn", { lines: 2 }]]);
  for (const { received } of [one, two]) {
    assert.deepEqual(
      received.filter(([event]) => event === "rung"),
      [["rung", { members: 2 }]],
    );
  }
});

test("a handler that raises can leave the state as it was", async (t) => {
  const { liveState: kept, received } = await live(t, "kept:1");
  kept.pushEvent("boom", {});
  kept.pushEvent("inc", {});
  await received.until((all) => changes(all).length === 3);
  assert.equal(errors(received).length, 1);
  assert.equal(errors(received)[0][1].event, "boom");
  assert.deepEqual([kept.state, kept.stateVersion], [{ n: 1 }, 2]);
});

test("the clients of a shared room see one state until the last has left", async (t) => {
  const one = await live(t, "board:live");
  const two = await live(t, "board:live", { listen: ["drawn"] });
  one.liveState.pushEvent("draw", { line: "from one" });
  await two.received.until((all) => changes(all).length === 2);
  two.liveState.pushEvent("draw", { line: "from two" });
  await one.received.until((all) => changes(all).length === 3);
  await two.received.until((all) => changes(all).length === 3);
  assert.deepEqual(one.liveState.state, { lines: ["from one", "from two"] });
  assert.deepEqual(two.liveState.state, one.liveState.state);
  one.liveState.disconnect();
  const three = await live(t, "board:live");
  assert.deepEqual(three.liveState.state, { lines: ["from one", "from two"] });
  assert.equal(three.liveState.stateVersion, 2);
});

test("after the server closed the socket the state comes back", async (t) => {
  const watcher = await live(t, "board:reconnect");
  const { liveState: board, received } = await live(t, "board:reconnect");
  board.pushEvent("draw", { line: "before" });
  await watcher.received.until((all) => changes(all).length === 2);
  await received.until((all) => changes(all).length === 2);
  board.socket.conn.send('{"not": "a frame"}');
  await received.until((all) => errors(all).length === 1);
  watcher.liveState.pushEvent("draw", { line: "meanwhile" });
  await received.until((all) => changes(all).at(-1)[1].state.lines.length === 2);
  assert.deepEqual(board.state, { lines: ["before", "meanwhile"] });
  board.pushEvent("draw", { line: "after" });
  await watcher.received.until((all) => changes(all).at(-1)[1].state.lines.length === 3);
  await received.until((all) => changes(all).at(-1)[1].state.lines.length === 3);
  assert.deepEqual(board.state, watcher.liveState.state);
  assert.equal(board.stateVersion, watcher.liveState.stateVersion);
});
