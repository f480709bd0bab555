/**
 * Clients that dispatch numbered events through whatever happens to their connections; run under
 * node by tests/outage/test_outage.py. Each line of their output is a JSON object: `progress`, or
 * what each of them has at the end.
 *
 * Each client has one socket and joins two topics: one that all share, and one of its own.
 */

import { Socket } from "phoenix";
import { LiveState } from "../src/live-state";

interface Tally {
  handled: [name: string, n: number][];
}

interface Count {
  n: number;
}

const [url = "", token = "", total = ""] = process.argv.slice(2);
const NAMES = ["a", "b", "c"];
/** Events of one client that may be unanswered. */
const WINDOW = 20;
/** How often progress is told, in events. */
const STEP = 25;

let answered = 0;
const failures: string[] = [];

class Client {
  readonly tally: LiveState<Tally>;
  readonly own: LiveState<Count>;
  /** How many events on the shared topic were dispatched: all are shown from then on. */
  #dispatched = 0;
  /** What the server replied on the own topic: 1, 2, … if nothing is lost or comes twice. */
  readonly counted: number[] = [];

  constructor(
    readonly name: string,
    readonly share: number,
  ) {
    const socket = new Socket(url, { params: { token } });
    this.tally = new LiveState<Tally>({ socket, topic: "tally" });
    this.own = new LiveState<Count>({ socket, topic: `own:${name}` });
    this.tally.addEventListener("livestate-change", () => this.#look());
    this.own.on("counted", ({ n }) => this.counted.push(n));
    this.tally.connect();
    this.own.connect();
  }

  async run(): Promise<void> {
    const open = new Set<Promise<void>>();
    for (let n = 0; n < this.share; n += 1) {
      const answer: Promise<void> = this.#dispatch(n).finally(() => open.delete(answer));
      open.add(answer);
      if (open.size === WINDOW) await Promise.race(open);
    }
    await Promise.all(open);
    await until(this.own, ({ n }) => n === this.share);
    await until(this.tally, ({ handled }) => handled.length >= Number(total));
  }

  /** Looks whether each event of ours is shown as soon as it is dispatched, and ever after. */
  #look(): void {
    const own = this.tally.state?.handled.filter(([name]) => name === this.name) ?? [];
    const shown = new Set(own.map(([, n]) => n));
    for (let n = 0; n < this.#dispatched; n += 1) {
      if (!shown.has(n)) failures.push(`${this.name} does not show ${n}`);
    }
  }

  async #dispatch(n: number): Promise<void> {
    const { name } = this;
    const optimistic = (draft: Tally) => {
      draft.handled.push([name, n]);
    };
    try {
      this.#dispatched = n + 1;
      const added = this.tally.dispatch("add", { name, n }, { optimistic });
      await Promise.all([added, this.own.dispatch("count")]);
    } catch (error) {
      failures.push(`${name} ${n}: ${error}`);
    }
    answered += 1;
    if (answered % STEP === 0) console.log(JSON.stringify({ progress: answered }));
  }
}

/** Waits until a client has a state, unless an event has failed. */
async function until<S>(live: LiveState<S>, is: (state: S) => boolean): Promise<void> {
  while (failures.length === 0 && !(live.state && is(live.state))) {
    await new Promise((resolve) => {
      live.addEventListener("livestate-change", resolve, { once: true });
    });
  }
}

const share = (index: number) => Math.floor((Number(total) + index) / NAMES.length);
const clients = NAMES.map((name, index) => new Client(name, share(index)));
await Promise.all(clients.map((client) => client.run()));
const ends = clients.map(({ name, share, counted, tally, own }) => {
  return { name, share, counted, own: own.state, tally: tally.state, version: tally.version };
});
process.stdout.write(JSON.stringify({ failures, clients: ends }), () => process.exit());
