/**
 * One client that does what it is told, for tests/faults; run under node. Each line of its input is
 * a number to dispatch; each line of its output is all that it has, as a JSON object.
 */

import { createInterface } from "node:readline";
import { Socket } from "phoenix";
import { LiveState } from "../src/live-state";

interface Tally {
  handled: [name: string, n: number][];
}

const [url = "", token = "", topic = "", name = "", heartbeatIntervalMs = ""] =
  process.argv.slice(2);

const socket = new Socket(url, {
  params: { token },
  heartbeatIntervalMs: Number(heartbeatIntervalMs),
});
const live = new LiveState<Tally>({ socket, topic });
/** What the server replied to each event, in the order that it came. */
const counted: number[] = [];
const answered: number[] = [];
const failed: string[] = [];

function tell(): void {
  const { status, state, version, error } = live;
  const has = { status, error, handled: state?.handled, version, counted, answered, failed };
  process.stdout.write(`${JSON.stringify(has)}\n`);
}

async function dispatch(n: number): Promise<void> {
  try {
    await live.dispatch("add", { name, n });
    answered.push(n);
  } catch (error) {
    failed.push(`${error}`);
  }
  tell();
}

live.addEventListener("livestate-status", tell);
live.addEventListener("livestate-change", tell);
live.on("counted", ({ n }) => counted.push(n));
live.connect();
createInterface({ input: process.stdin })
  .on("line", (line) => dispatch(Number(line)))
  .on("close", () => process.exit());
