// What a browser gives its pages: modules found as bundlers find them, and a WebSocket.

import { register } from "node:module";

register("./resolve.js", import.meta.url);

// node has one of its own from version 22 on
globalThis.WebSocket ??= (await import("ws")).WebSocket;
// phoenix before 1.8 looks for it there
globalThis.self ??= globalThis;
