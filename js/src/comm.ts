/**
 * Connections over an anywidget comm: they carry frames and know nothing of them.
 * Frames travel as custom messages, each tagged with the id of the connection it belongs to.
 */

import { bufferOf } from "./buffer";
import { isObject, type Json } from "./json";
import { HEARTBEAT_FRAME, HEARTBEAT_MS } from "./wire";

/** How long nothing may come behind a frame before a heartbeat follows; then twice as long. */
const PROBE_MS = 2_000;

/** The part of an anywidget model that carries messages. `send` throws when the kernel is gone. */
export interface CommModel {
  send(content: CommMessage, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
  on(event: string, listener: (...values: Json[]) => void): void;
  off(event: string, listener: (...values: Json[]) => void): void;
}

/** The content of the custom messages, the same in both directions. */
export type CommMessage =
  /** Page to kernel: a connection begins, with frames of this version; kernel to page: granted. */
  | { livestate: "open"; connection: string; vsn?: string }
  /**
   * One frame as on a WebSocket: text, or the buffer of the message if it is binary. In each
   * direction they are numbered from 0: some hosts lose messages when their own connection is cut.
   */
  | { livestate: "frame"; connection: string; number: number; frame?: string }
  /** The connection is over, with a WebSocket close code. */
  | { livestate: "close"; connection: string; code: number; reason: string };

/** A frame as on a WebSocket: text or binary. */
export type Frame = string | ArrayBuffer;

/** What fires when a model's comm ends: closed by Python, dropped, or its kernel restarted. */
export const END_EVENTS = ["comm:close", "comm_live_update", "destroy"];

/** The live models of one kernel endpoint in this page; any of them can carry its connections. */
export class Carrier extends EventTarget {
  #models = new Map<CommModel, () => void>();

  /**
   * Adds a model; it is dropped again when its comm ends. Fires `change` when the first one comes
   * or the last one goes.
   * @returns the removal of the model
   */
  add(model: CommModel): () => void {
    const drop = () => this.drop(model);
    for (const event of END_EVENTS) model.on(event, drop);
    this.#models.set(model, () => {
      for (const event of END_EVENTS) model.off(event, drop);
    });
    this.dispatchEvent(new Event("change"));
    return drop;
  }

  /** Drops a model whose comm has ended: connections on it close. Fires `drop` and `change`. */
  drop(model: CommModel): void {
    const removeListeners = this.#models.get(model);
    if (!removeListeners) return;
    removeListeners();
    this.#models.delete(model);
    this.dispatchEvent(new CustomEvent("drop", { detail: model }));
    this.dispatchEvent(new Event("change"));
  }

  /** The model to use for the next connection: the newest; undefined when the kernel has gone. */
  get model(): CommModel | undefined {
    return [...this.#models.keys()].at(-1);
  }
}

/**
 * One connection over one model of a carrier, WebSocket-like; closes with 1006 when that model is
 * dropped.
 *
 * It sends heartbeats of its own but does not mind if they are not answered: while a cell runs, the
 * kernel answers nothing, for minutes. What ends it is the kernel, the end of its comm, or a frame
 * that is missing: one behind it tells, so a frame that nothing answers is followed by heartbeats.
 */
export class CommTransport {
  readonly bufferedAmount = 0;
  /** As of a WebSocket: 0 connecting, 1 open, 3 closed. */
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: Frame }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((error: unknown) => void) | null = null;
  readonly #connection = randomId();
  readonly #carrier: Carrier;
  readonly #model: CommModel | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #sent = 0;
  #received = 0;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
    this.#model = carrier.model;
    this.#model?.on("msg:custom", this.#receive);
    carrier.addEventListener("drop", this.#onDrop);
    if (this.#model) this.#send({ livestate: "open", connection: this.#connection, vsn: "2.0.0" });
    else this.#end(1006, "the kernel has gone");
  }

  /** Sends a frame. */
  send(frame: Frame): void {
    if (this.readyState !== 1) return;
    this.#number(frame);
    if (this.#probe === undefined) this.#follow(PROBE_MS);
  }

  #follow(delay: number): void {
    if (delay > HEARTBEAT_MS) return;
    this.#probe = setTimeout(() => {
      this.#number(HEARTBEAT_FRAME);
      this.#follow(2 * delay);
    }, delay);
  }

  /** Closes the connection; `onclose` follows. */
  close(code = 1000, reason = ""): void {
    if (this.readyState === 3) return;
    this.#send({ livestate: "close", connection: this.#connection, code, reason });
    this.#end(code, reason);
  }

  #number(frame: Frame): void {
    const number = this.#sent++;
    const message = { livestate: "frame", connection: this.#connection, number } as const;
    if (typeof frame === "string") this.#send({ ...message, frame });
    else this.#send(message, [frame]);
  }

  #send(message: CommMessage, buffers?: ArrayBuffer[]): void {
    sendOver(this.#carrier, this.#model as CommModel, message, buffers);
  }

  #receive = (message: Json, buffers: DataView[] = []): void => {
    // Messages go to every page and every view of the kernel: most are for others.
    if (!isObject(message) || message.connection !== this.#connection) return;
    if (message.livestate === "open" && this.readyState === 0) {
      this.readyState = 1;
      this.#heartbeat = setInterval(() => this.#number(HEARTBEAT_FRAME), HEARTBEAT_MS);
      this.onopen?.();
    } else if (message.livestate === "frame" && this.readyState === 1) {
      this.#take(message.number, buffers[0] ? bufferOf(buffers[0]) : message.frame);
    } else if (message.livestate === "close") {
      this.#end(message.code, message.reason);
    }
  };

  #take(number: number, data: Frame): void {
    clearTimeout(this.#probe);
    this.#probe = undefined;
    if (number < this.#received) return; // it came twice
    if (number > this.#received) {
      const reason = "a frame was lost on the way";
      this.#send({ livestate: "close", connection: this.#connection, code: 1001, reason });
      this.#end(1006, reason);
      return;
    }
    this.#received++;
    this.onmessage?.({ data });
  }

  #onDrop = (event: Event): void => {
    if ((event as CustomEvent).detail !== this.#model || this.readyState === 3) return;
    this.#end(1006, "the comm has ended");
    // The kernel may be alive and reachable through another model: then it need not wait for
    // heartbeats to know that this connection is over.
    const farewell = { livestate: "close", connection: this.#connection, code: 1001, reason: "" };
    const other = this.#carrier.model;
    if (other) sendOver(this.#carrier, other, farewell as CommMessage);
  };

  /** Ends the connection; `onclose` is called later, as by a WebSocket. */
  #end(code: number, reason: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#probe);
    this.#model?.off("msg:custom", this.#receive);
    this.#carrier.removeEventListener("drop", this.#onDrop);
    setTimeout(() => this.onclose?.({ code, reason }));
  }
}

/** Sends a message; a model that throws has lost its kernel and is dropped. */
function sendOver(
  carrier: Carrier,
  model: CommModel,
  message: CommMessage,
  buffers?: ArrayBuffer[],
): void {
  try {
    if (buffers) model.send(message, undefined, buffers);
    else model.send(message);
  } catch {
    carrier.drop(model);
  }
}

/** Returns an id that no other page has (crypto.randomUUID exists on https and localhost only). */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
}
