// @vitest-environment node
import { Socket } from "phoenix";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Carrier } from "../src/comm";
import { Line, lineTransport } from "../src/line";
import { Pool } from "../src/pool";
import { FakeKernel, FakeModel } from "./model";
import { until } from "./until";

let kernel: FakeKernel;
let carrier: Carrier;
let pool: Pool;

beforeEach(() => {
  kernel = new FakeKernel();
  carrier = new Carrier();
  carrier.add(kernel.serve(new FakeModel()));
  const transport = lineTransport(new Line(carrier));
  pool = new Pool(() => new Socket("comm", { transport, timeout: 2 ** 31 - 1 }));
});

/** Runs the timers that make the pool wait before it leaves. */
function lapse(release: () => void): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  release();
  vi.advanceTimersByTime(2_000);
  vi.useRealTimers();
}

describe("a pool", () => {
  it("shares one LiveState and one connection among views of the same", async () => {
    const [one, other] = [pool.lease("todos:me", "a"), pool.lease("todos:me", "a")];
    expect(one.liveState).toBe(other.liveState);
    const link = await kernel.link();
    const join = await link.accept({ n: 1 });
    expect(join.payload).toEqual({ livestate: { session: "a" } });
    await until(() => one.liveState.status === "live");
    expect(kernel.connections).toBe(1);
    one.release();
    other.release();
  });

  it("puts other topics on the same connection", async () => {
    const leases = [pool.lease("todos:me", "a"), pool.lease("todos:you", "a")];
    const link = await kernel.link();
    await link.accept({});
    await link.accept({});
    expect(kernel.connections).toBe(1);
    for (const lease of leases) lease.release();
  });

  it("puts a second session of a topic on a further connection", async () => {
    const leases = ["a", "b", "c"].map((session) => pool.lease("todos:me", session));
    for (const [index, session] of ["a", "b", "c"].entries()) {
      const link = await kernel.link();
      const join = await link.accept({ session });
      expect(join.payload.livestate.session).toBe(session);
      await until(() => leases[index]?.liveState.status === "live");
      expect(leases[index]?.liveState.state).toEqual({ session });
    }
    expect(kernel.connections).toBe(3);
    for (const lease of leases) lease.release();
  });

  it("leaves the topic and closes the connection some time after the last view", async () => {
    const [one, other] = [pool.lease("todos:me", ""), pool.lease("todos:me", "")];
    const link = await kernel.link();
    await link.accept({});
    await until(() => one.liveState.status === "live");
    lapse(() => {
      one.release();
      one.release();
    });
    expect(one.liveState.connected).toBe(true);
    lapse(() => other.release());
    expect(one.liveState.connected).toBe(false);
    await link.take("phx_leave");
    await until(() => kernel.closed.length === 1);
  });

  it("keeps the connection while another topic needs it", async () => {
    const [one, other] = [pool.lease("todos:me", ""), pool.lease("todos:you", "")];
    const link = await kernel.link();
    await link.accept({});
    await link.accept({});
    await until(() => other.liveState.status === "live");
    lapse(() => one.release());
    await link.take("phx_leave");
    other.liveState.dispatch("still there");
    await link.take("lvs_evt:still there");
    expect(kernel.closed).toEqual([]);
    other.release();
  });

  it("does not leave when a view comes back in time", async () => {
    const lease = pool.lease("todos:me", "");
    const link = await kernel.link();
    await link.accept({ n: 1 });
    await until(() => lease.liveState.status === "live");
    lease.release();
    const again = pool.lease("todos:me", "");
    lapse(() => {});
    expect(again.liveState).toBe(lease.liveState);
    expect(link.count("phx_join")).toBe(1);
    expect(link.count("phx_leave")).toBe(0);
    again.release();
  });

  it("uses an idle socket again", async () => {
    const makeSocket = vi.fn(
      () =>
        new Socket("comm", { transport: lineTransport(new Line(carrier)), timeout: 2 ** 31 - 1 }),
    );
    pool = new Pool(makeSocket);
    const lease = pool.lease("todos:me", "a");
    await (await kernel.link()).accept({});
    lapse(() => lease.release());
    const again = pool.lease("todos:me", "b");
    await (await kernel.link()).accept({});
    await until(() => again.liveState.status === "live");
    expect(makeSocket).toHaveBeenCalledOnce();
    again.release();
  });

  it("takes its connections to another model when theirs is closed", async () => {
    const lease = pool.lease("todos:me", "a");
    await (await kernel.link()).accept({ n: 1 });
    await until(() => lease.liveState.status === "live");
    const first = carrier.model as FakeModel;
    carrier.add(kernel.serve(new FakeModel()));
    first.emit("comm:close");
    await until(() => lease.liveState.status === "offline");
    expect(kernel.closed).toHaveLength(1);
    await (await kernel.link()).accept({ n: 2 });
    await until(() => lease.liveState.status === "live");
    expect(lease.liveState.state).toEqual({ n: 2 });
    lease.release();
  });
});
