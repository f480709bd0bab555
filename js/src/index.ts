/** The library: what elements, and pages without Jupyter, import from `livestate-nb`. */

export {
  type ConnectOptions,
  connectAttribute,
  connectAtttribute,
  connectElement,
  connectProperty,
  type LiveStateProperty,
  receiveEvent,
  sendEvent,
} from "./binding";
export { LiveController, type LiveSource, type SubmitOptions } from "./controller";
export { liveState, liveStateConfig, liveStateProperty } from "./decorators";
export { LiveElement } from "./element";
export { DispatchError, type LiveStateError } from "./failure";
export type { Json, JsonObject } from "./json";
// Files that were written for phx-live-state say `import LiveState from`.
export { LiveState, LiveState as default } from "./live-state";
export type { LiveStateConfig, SocketOptions } from "./membership";
export { applyPatch, type Operation, PatchError } from "./patch";
export type { Presences } from "./presences";
export type { Selection, Selector } from "./selection";
export type { LiveStateDecoratorOptions } from "./settings";
export type { DispatchOptions, LiveStateChange, LiveStatePatch, Status } from "./typed";
