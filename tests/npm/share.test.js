// Both packages, as they are, on another site's page: what a share opens at the public mount.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, channel, connect, joined, live, liveState, Socket, URL } from "./clients.js";

/** It opens todo:shared, there to add. */
const SHARE = process.env.LIVESTATE_SHARE;
const share = { share: SHARE };
const altered = { share: `${SHARE.slice(0, -1)}${SHARE.endsWith("A") ? "B" : "A"}` };

const changes = (received) => received.filter(([type]) => type === "livestate-change");
const errors = (received) => received.filter(([type]) => type === "livestate-error");

test("phx-live-state joins with the share among its params, and dispatches", async (t) => {
  const { liveState: todos, received } = await live(t, "todo:shared", { params: share });
  todos.pushEvent("add_todo", { description: "Hello" });
  await received.until((all) => changes(all).length === 2);
  assert.deepEqual(todos.state, { todos: [{ description: "Hello" }] });
});

test("an event that the share does not name is an error, and changes nothing", async (t) => {
  const { liveState: todos, received } = await live(t, "todo:shared", { params: share });
  todos.pushEvent("remove_todo", { i: 0 });
  todos.pushEvent("add_todo", { description: "Hello" });
  await received.until((all) => changes(all).length === 2);
  const [[, { message, event }]] = errors(received);
  assert.deepEqual([message, event], ["share not for this event", "remove_todo"]);
  assert.deepEqual([todos.state.todos.length, todos.stateVersion], [1, 1]);
});

test("without a share, with an altered one or for another topic there is no join", async (t) => {
  for (const [topic, params, told] of [
    ["todo:shared", {}, "no share came with the join"],
    ["todo:shared", altered, "share altered"],
    ["todo:all", share, "share not for this topic"],
  ]) {
    const { liveState: todos, received } = liveState(t, topic, { params });
    todos.connect();
    await received.until((all) => errors(all).length > 0);
    assert.match(JSON.stringify(received[0][1]), new RegExp(told));
    assert.equal(todos.state, undefined);
    todos.disconnect();
  }
});

test("phoenix may send it as its authToken, in no address either", async (t) => {
  const socket = new Socket(URL, { authToken: SHARE });
  t.after(() => socket.disconnect());
  socket.connect();
  assert.ok(!socket.endPointURL().includes(SHARE));
  const { received } = await joined(socket, "todo:shared");
  assert.deepEqual(received[0][1].state, { todos: [] });
});

test("phoenix joins with it again after its connection was lost", async (t) => {
  const socket = connect(t);
  const { received } = await joined(socket, "todo:shared", share);
  socket.conn.close();
  await received.until((all) => all.filter(([event]) => event === "state:change").length === 2);
});

test("the share opens no second door: another one on its connection is refused", async (t) => {
  const socket = connect(t);
  await joined(socket, "todo:shared", share);
  const { channel: other } = channel(socket, "todo:other", altered);
  const [status, { reason }] = await answer(other.join());
  assert.equal(status, "error");
  assert.match(reason, /^share /);
});
