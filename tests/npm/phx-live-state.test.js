// The npm package phx-live-state, as it is, against channels that a Jupyter server hosts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connectElement, live, liveState } from "./clients.js";

const changes = (received) => received.filter(([type]) => type === "livestate-change");
const errors = (received) => received.filter(([type]) => type === "livestate-error");

test("connecting brings the state", async (t) => {
  const { liveState: todos, received } = await live(t, "todo:all");
  assert.deepEqual([...received], [["livestate-change", { state: { todos: [] }, version: 0 }]]);
  assert.deepEqual(todos.state, { todos: [] });
});

test("an event that is dispatched changes the state", async (t) => {
  const { liveState: todos, received } = await live(t, "todo:all");
  todos.dispatchEvent(new CustomEvent("add_todo", { detail: { description: "Hello" } }));
  todos.pushEvent("add_todo", { description: "World" });
  await received.until((all) => changes(all).length === 3);
  assert.deepEqual(
    received.slice(1, 3).map(([type, { version }]) => [type, version]),
    [
      ["livestate-patch", 1],
      ["livestate-change", 1],
    ],
  );
  assert.deepEqual(todos.state, { todos: [{ description: "World" }, { description: "Hello" }] });
  assert.equal(todos.stateVersion, 2);
});

test("reply events are dispatched in order, before the change", async (t) => {
  const { liveState: todos, received } = await live(t, "todo:all", {
    listen: ["reply_event1", "reply_event2"],
  });
  todos.pushEvent("add_todo_with_two_replies", { description: "Hello" });
  await received.until((all) => changes(all).length === 2);
  assert.deepEqual(
    received.slice(1).map(([type]) => type),
    ["reply_event1", "reply_event2", "livestate-patch", "livestate-change"],
  );
  assert.deepEqual(received[2][1], { bing: "baz" });
});

test("an event that changes nothing still tells of a change", async (t) => {
  const { liveState: todos, received } = await live(t, "todo:all");
  todos.pushEvent("noop", {});
  await received.until((all) => changes(all).length === 2);
  assert.deepEqual(received.at(-1)[1], { state: { todos: [] }, version: 1 });
});

test("join params reach init", async (t) => {
  const { liveState: it } = await live(t, "join_params", { params: { api_key: "abc" } });
  assert.deepEqual(it.state, { result: "abc" });
});

test("a refused join is an error with its reason", async (t) => {
  const { liveState: it, received } = liveState(t, "authorized:1", { params: {} });
  it.connect();
  await received.count(1);
  assert.deepEqual(
    [...received],
    [["livestate-error", { type: "channel join error", message: "Go away!" }]],
  );
});

test("a refused state is an error with its message", async (t) => {
  const { liveState: it, received } = liveState(t, "init_error:map");
  it.connect();
  await received.count(1);
  assert.deepEqual([...received], [["livestate-error", { code: 42, why: "map error" }]]);
});

test("a handler that crashes is an error, and the state starts again", async (t) => {
  const { liveState: crash, received } = await live(t, "crash:1", { rejoinAfterMs: () => 20 });
  crash.pushEvent("inc", {});
  crash.pushEvent("boom", {});
  await received.until((all) => changes(all).length === 3);
  assert.deepEqual(
    errors(received).map(([, { type, message }]) => [type, message]),
    [["channel error", "channel_crash"]],
  );
  assert.deepEqual([crash.state, crash.stateVersion], [{ n: 0 }, 0]);
  crash.pushEvent("inc", {});
  await received.until((all) => changes(all).length === 4);
  assert.deepEqual([crash.state, crash.stateVersion], [{ n: 1 }, 1]);
});

test("after the last version comes 0, and the state goes on", async (t) => {
  const { liveState: it, received } = await live(t, "patch:1"); // its max_version is 10
  for (let n = 1; n <= 13; n++) it.pushEvent("change_foo", { foo: n });
  await received.until((all) => changes(all).length === 14);
  assert.deepEqual(
    changes(received).map(([, { version }]) => version),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2],
  );
  assert.deepEqual(it.state, { foo: 13 });
});

test("a gap in the versions is repaired by a refresh", async (t) => {
  const { liveState: todos, received } = await live(t, "todo:all");
  todos.state = { todos: ["something else"] };
  todos.stateVersion = 99;
  todos.pushEvent("add_todo", { description: "Hello" });
  await received.until((all) => changes(all).length === 2);
  assert.deepEqual(received.at(-1), [
    "livestate-change",
    { state: { todos: [{ description: "Hello" }] }, version: 1 },
  ]);
  todos.pushEvent("add_todo", { description: "World" });
  await received.until((all) => changes(all).length === 3);
  assert.equal(todos.stateVersion, 2);
  assert.equal(todos.state.todos.length, 2);
});

test("many patches behind a gap end in the right state", async (t) => {
  const { liveState: todos, received } = await live(t, "todo:all");
  todos.stateVersion = 99;
  for (let n = 1; n <= 20; n++) todos.pushEvent("add_todo", { n });
  // each of them is a mismatch or not, but the last change has all
  await received.until((all) => changes(all).at(-1)[1].state.todos.length === 20);
  todos.pushEvent("noop", {});
  await received.until((all) => changes(all).at(-1)[1].version === 21);
  assert.deepEqual(
    todos.state.todos.map(({ n }) => n),
    Array.from({ length: 20 }, (_, index) => 20 - index),
  );
});

test("an element gets properties and events, and sends its own", async (t) => {
  const { liveState: todos, received } = liveState(t, "todo:all");
  const element = new EventTarget();
  const replies = [];
  element.addEventListener("reply_event", ({ detail }) => replies.push(detail));
  connectElement(todos, element, {
    properties: ["todos", { name: "first", path: "todos[0]" }],
    events: { send: ["add_todo_with_one_reply"], receive: ["reply_event"] },
  });
  todos.connect();
  await received.count(1);
  assert.deepEqual(element.todos, []);
  const detail = { description: "Hello" };
  element.dispatchEvent(new CustomEvent("add_todo_with_one_reply", { detail }));
  await received.until((all) => changes(all).length === 2);
  assert.deepEqual([element.todos, element.first], [[detail], detail]);
  assert.deepEqual(replies, [{ foo: "bar" }]);
});
