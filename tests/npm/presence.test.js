// The Presence class of the npm package phoenix, as it is, on channels with presence.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Presence } from "phoenix";
import { answer, channel, connect, Received } from "./clients.js";

/** Channels whose members share a session, and channels whose members have one each. */
const KINDS = ["lounge", "booth"];

/** Return a channel that has joined, its Presence, and the joins and leaves that it told of. */
async function present(t, topic, params, socket = connect(t)) {
  const { channel: it, received } = channel(socket, topic, params);
  const presence = new Presence(it);
  const told = new Received();
  const synced = new Received();
  presence.onJoin((key, current, { metas }) => told.add(["join", key, Boolean(current), metas[0]]));
  presence.onLeave((key, current) => told.add(["leave", key, current.metas.length > 0]));
  presence.onSync(() => synced.add(seen(presence)));
  assert.equal((await answer(it.join()))[0], "ok");
  return { channel: it, received, presence, told, synced, socket };
}

/** Return who a Presence knows of: {name: [typing of each tab]}. */
function seen(presence) {
  const entries = presence.list((key, { metas }) => [key, metas.map((meta) => meta.typing)]);
  return Object.fromEntries(entries);
}

/** Wait until a Presence knows these and no others. */
function sees({ synced }, expected) {
  return synced.until((all) => {
    try {
      assert.deepEqual(all.at(-1), expected);
      return true;
    } catch {
      return false;
    }
  });
}

test("two clients see each other come and go", async (t) => {
  for (const kind of KINDS) {
    const ann = await present(t, `${kind}:come`, { name: "ann" });
    await sees(ann, { ann: [false] });
    const bob = await present(t, `${kind}:come`, { name: "bob" });
    await sees(ann, { ann: [false], bob: [false] });
    await sees(bob, { ann: [false], bob: [false] });
    bob.channel.leave();
    await sees(ann, { ann: [false] });
    assert.deepEqual(
      ann.told.slice().map(([what, key, others]) => [what, key, others]),
      [
        ["join", "ann", false],
        ["join", "bob", false],
        ["leave", "bob", false],
      ],
    );
  }
});

test("a second tab is a second meta, and an update changes its own", async (t) => {
  for (const kind of KINDS) {
    const ann = await present(t, `${kind}:tabs`, { name: "ann" });
    const tab = await present(t, `${kind}:tabs`, { name: "ann" });
    await sees(ann, { ann: [false, false] });
    tab.channel.push("lvs_evt:typing", { on: true });
    await sees(ann, { ann: [false, true] });
    await sees(tab, { ann: [false, true] });
    const [, , , meta] = ann.told.find(([what, , , of]) => what === "join" && of.typing);
    assert.notEqual(meta.phx_ref, meta.phx_ref_prev);
    tab.channel.leave();
    await sees(ann, { ann: [false] });
    assert.deepEqual(ann.told.at(-1), ["leave", "ann", true]);
  }
});

test("a lost connection leaves, and is present again when its client is back", async (t) => {
  for (const kind of KINDS) {
    const ann = await present(t, `${kind}:lost`, { name: "ann" });
    const socket = connect(t, { reconnectAfterMs: () => 50, rejoinAfterMs: () => 50 });
    const bob = await present(t, `${kind}:lost`, { name: "bob" }, socket);
    await sees(ann, { ann: [false], bob: [false] });
    await sees(bob, { ann: [false], bob: [false] });
    socket.conn.close(4000, "lost on purpose");
    await ann.told.until((all) => all.filter(([, key]) => key === "bob").length === 3);
    assert.deepEqual(
      ann.told.slice().map(([what, key]) => `${what} ${key}`),
      ["join ann", "join bob", "leave bob", "join bob"],
    );
    await sees(ann, { ann: [false], bob: [false] });
    await sees(bob, { ann: [false], bob: [false] });
  }
});
