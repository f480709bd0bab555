// A visitor with the unmodified phx-live-state: prints each state as JSON on a line, and dispatches
// the events that the lines of its input name.

import { createInterface } from "node:readline";
import { LiveState } from "phx-live-state";

const [url, token, topic] = process.argv.slice(2);
const live = new LiveState({ url, topic, socketOptions: { params: { token } } });

live.addEventListener("livestate-change", ({ detail }) => {
  console.log(`state ${JSON.stringify(detail.state)}`); // the package logs as well
});
live.connect();
createInterface({ input: process.stdin }).on("line", (event) => {
  live.dispatchEvent(new CustomEvent(event, { detail: {} }));
}).on("close", () => process.exit());
