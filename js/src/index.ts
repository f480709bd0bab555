/** The library: what elements, and pages without Jupyter, import from `livestate-nb`. */

export { LiveController, type LiveSource, type SubmitOptions } from "./controller";
export { LiveElement } from "./element";
export { DispatchError, type LiveStateError } from "./failure";
export type { Json, JsonObject } from "./json";
export { LiveState, type LiveStateConfig, type Status } from "./live-state";
export { applyPatch, type Operation, PatchError } from "./patch";
