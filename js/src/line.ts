/**
 * How connections to one kernel endpoint travel: over a WebSocket of the Jupyter server that is
 * bound to the kernel, or else over a comm. It knows nothing of frames.
 *
 * The WebSocket is faster and works while a cell runs. A comm works in every host.
 */

import { kernelSocketUrl } from "./address";
import { type Carrier, CommTransport, type Frame } from "./comm";

/** Milliseconds that a WebSocket may take to open before the comm is used. */
const OPEN_MS = 1_500;

/** Milliseconds until a WebSocket that could not be opened is tried again: at first, and at most. */
const RETRY_MS = { first: 1_000, most: 60_000 };

/** As a server that restarts: phoenix.js connects again at once. */
const MOVED = 1012;

/** The ways to one endpoint; a connection that could have a better one is moved. */
export class Line {
  readonly carrier: Carrier;
  /** The connections that are open or opening. */
  readonly transports = new Set<LineTransport>();
  #address: string | undefined;
  #isBlocked = false;
  #retryMs = RETRY_MS.first;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(carrier: Carrier) {
    this.carrier = carrier;
  }

  /** Notes which kernel the server leads to; "" while it leads to none. */
  leadTo(kernel: string): void {
    const address = kernel ? kernelSocketUrl(kernel) : undefined;
    if (address === this.#address) return;
    this.#address = address;
    this.#retryMs = RETRY_MS.first;
    this.#unblock();
  }

  /** The WebSocket to try; undefined where there is none or it could not be opened just now. */
  get address(): string | undefined {
    return this.#isBlocked ? undefined : this.#address;
  }

  /** Notes that a WebSocket is open. */
  succeeded(): void {
    this.#retryMs = RETRY_MS.first;
  }

  /** Notes that a WebSocket could not be opened: the next connections take the comm, for a while. */
  failed(): void {
    clearTimeout(this.#retry);
    this.#isBlocked = true;
    this.#retry = setTimeout(() => this.#probe(), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS.most);
  }

  /** Tries whether the WebSocket has come back. */
  #probe(): void {
    if (!this.#address || this.transports.size === 0) this.#unblock();
    else
      openSocket(this.#address, (socket) => {
        socket?.close();
        if (socket) this.#unblock();
        else this.failed();
      });
  }

  #unblock(): void {
    clearTimeout(this.#retry);
    this.#isBlocked = false;
    for (const transport of [...this.transports]) transport.reconsider();
  }
}

/** A WebSocket-like class for the `transport` option of a phoenix Socket, bound to a line. */
export function lineTransport(line: Line): new () => LineTransport {
  return class extends LineTransport {
    constructor() {
      super(line);
    }
  };
}

/** One connection, over whichever way is open. */
export class LineTransport {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: Frame }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((error: unknown) => void) | null = null;
  readonly #line: Line;
  #way: WebSocket | CommTransport | undefined;
  #stopOpening: () => void = () => {};
  #isOver = false;

  constructor(line: Line) {
    this.#line = line;
    line.transports.add(this);
    const { address } = line;
    if (address) this.#stopOpening = openSocket(address, this.#opened);
    else this.#take(new CommTransport(line.carrier));
  }

  /** As of a WebSocket: 0 connecting, 1 open, 3 closed. */
  get readyState(): number {
    return this.#isOver ? 3 : (this.#way?.readyState ?? 0);
  }

  get bufferedAmount(): number {
    return this.#way?.bufferedAmount ?? 0;
  }

  /** phoenix.js closes on unanswered heartbeats; comms do not mind. */
  get skipHeartbeat(): boolean {
    return this.#way instanceof CommTransport;
  }

  send(frame: Frame): void {
    if (this.readyState === 1) this.#way?.send(frame);
  }

  /** Closes the connection; `onclose` follows. */
  close(code = 1000, reason = ""): void {
    if (this.#isOver) return;
    this.#stopOpening();
    const way = this.#way;
    if (way) {
      way.onclose = null;
      way.close(code === MOVED ? undefined : code, reason);
    }
    this.#end(code, reason);
  }

  /** Closes the connection if the next one would take another way. */
  reconsider(): void {
    if (!this.#way) return;
    const wantsSocket = this.#line.address !== undefined;
    const hasSocket = !(this.#way instanceof CommTransport);
    if (wantsSocket !== hasSocket) this.close(MOVED, "there is another way");
  }

  #opened = (socket: WebSocket | null): void => {
    if (socket) {
      this.#line.succeeded();
      this.#take(socket);
      this.onopen?.();
    } else {
      this.#line.failed();
      this.#take(new CommTransport(this.#line.carrier));
    }
  };

  #take(way: WebSocket | CommTransport): void {
    this.#way = way;
    way.onopen = () => this.onopen?.();
    if (!(way instanceof CommTransport)) way.binaryType = "arraybuffer";
    way.onmessage = (event: { data: Frame }) => this.onmessage?.(event);
    way.onerror = (error: unknown) => this.onerror?.(error);
    way.onclose = ({ code, reason }: { code: number; reason: string }) => this.#end(code, reason);
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#line.transports.delete(this);
    setTimeout(() => this.onclose?.({ code, reason }));
  }
}

/**
 * Opens a WebSocket and calls `done` with it, or with null if it did not open in time.
 * @returns gives it up
 */
function openSocket(address: string, done: (socket: WebSocket | null) => void): () => void {
  const socket = new WebSocket(address);
  const giveUp = () => {
    clearTimeout(timer);
    socket.onopen = socket.onclose = null;
    socket.close();
  };
  const fail = () => {
    giveUp();
    done(null);
  };
  const timer = setTimeout(fail, OPEN_MS);
  socket.onclose = fail;
  socket.onopen = () => {
    clearTimeout(timer);
    socket.onopen = socket.onclose = null;
    done(socket);
  };
  return giveUp;
}
