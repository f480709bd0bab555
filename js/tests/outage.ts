/**
 * Clients that dispatch numbered events through whatever happens to their connections; run under
 * node by tests/outage/test_outage.py. Each line of their output is a JSON object: `progress`, or
 * what each of them has at the end.
 */

import { LiveState } from "../src/live-state";

interface Tally {
  handled: [name: string, n: number][];
}

const [url = "", token = "", total = ""] = process.argv.slice(2);
const NAMES = ["a", "b", "c"];
/** Events of one client that may be unanswered. */
const WINDOW = 20;
/** How often progress is told, in events. */
const STEP = 25;

let answered = 0;
const failures: string[] = [];

async function dispatchAll(live: LiveState<Tally>, name: string, count: number): Promise<void> {
  const open = new Set<Promise<void>>();
  for (let n = 0; n < count; n += 1) {
    const answer: Promise<void> = live
      .dispatch("add", { name, n })
      .catch((error: Error) => void failures.push(`${name} ${n}: ${error.message}`))
      .finally(() => {
        open.delete(answer);
        answered += 1;
        if (answered % STEP === 0) console.log(JSON.stringify({ progress: answered }));
      });
    open.add(answer);
    if (open.size === WINDOW) await Promise.race(open);
  }
  await Promise.all(open);
}

/** Waits until a client has the state that all events lead to, unless some have failed. */
async function hasAll(live: LiveState<Tally>): Promise<void> {
  while (failures.length === 0 && (live.state?.handled.length ?? 0) < Number(total)) {
    await new Promise((resolve) => {
      live.addEventListener("livestate-change", resolve, { once: true });
    });
  }
}

const clients = NAMES.map((name) => {
  const live = new LiveState<Tally>({ url, topic: "tally", socketOptions: { params: { token } } });
  live.connect();
  return { name, live };
});
const share = (index: number) => Math.floor((Number(total) + index) / NAMES.length);
await Promise.all(clients.map(({ name, live }, index) => dispatchAll(live, name, share(index))));
await Promise.all(clients.map(({ live }) => hasAll(live)));
const states = clients.map(({ live }) => ({ state: live.state, version: live.version }));
process.stdout.write(JSON.stringify({ failures, clients: states }), () => process.exit());
