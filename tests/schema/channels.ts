// Types of tests.schema.channels:Board, tests.schema.channels:Untyped, tests.schema.channels:Other,
// by livestate_nb. Do not edit.

export type BoardState = State;

/** The events that Board handles, with their payloads. */
export interface BoardEvents {
  "add-again": TodoInput;
  add_todo: TodoInput;
  /** Not annotated: anything. */
  clear: unknown;
  invite: UserInput;
  paint: Color;
  /** Bytes, or their base64 text. */
  upload: ArrayBuffer | ArrayBufferView | string;
}

/** The events that Board sends, with their details. */
export interface BoardReplies {
  added: Added;
  /** Bytes. */
  file: ArrayBuffer;
  presence_state: Record<string, { metas: Record<string, unknown>[] }>;
  presence_diff: {
    joins: Record<string, { metas: Record<string, unknown>[] }>;
    leaves: Record<string, { metas: Record<string, unknown>[] }>;
  };
}

/** Nothing says it: annotate what Untyped.init returns. */
export type UntypedState = unknown;

/** The events that Untyped handles, with their payloads. */
export interface UntypedEvents {
  /** Not annotated: anything. */
  [key: string]: unknown;
}

/**
 * The events that Untyped sends, with their details.
 * Nothing says them: Untyped has no replies= in its class statement.
 */
export interface UntypedReplies {
  [key: string]: unknown;
}

export type OtherState = Todo2;

/** The events that Other handles, with their payloads. */
export interface OtherEvents {
  add_todo: TodoInput;
  [key: string]: AddedInput | TodoInput;
}

/**
 * The events that Other sends, with their details.
 * Nothing says them: Other has no replies= in its class statement.
 */
export interface OtherReplies {
  [key: string]: unknown;
}

export interface State {
  items: Todo[];
  users: Record<string, User>;
  "not-an-identifier": number;
  'with "quotes"'?: [number, string | null];
  phase: "preparing the first part" | "waiting for the second part" | "tidying up after the third";
  anything: unknown;
}

/**
 * A thing to do; with *\/ in its docstring.
 *
 * And with a second part.
 */
export interface Todo {
  /** What is to be done. */
  title: string;
  due: string | null;
  color: Color;
  parts: Todo[];
}

export type Color = "red" | "blue";

export interface User {
  /** How to call them. */
  name: string;
  friends: User[];
}

export interface Added {
  count: number;
  by: User2;
}

export interface User2 {
  /** How to call them. */
  name: string;
  password: string;
  friends: User2[];
}

/**
 * A thing to do; with *\/ in its docstring.
 *
 * And with a second part.
 */
export interface TodoInput {
  /** What is to be done. */
  title: string;
  due?: string | null;
  color?: Color;
  parts?: TodoInput[];
}

export interface UserInput {
  /** How to call them. */
  name: string;
  password?: string;
  friends?: UserInput[];
}

export interface Todo2 {
  number: number;
}

export interface AddedInput {
  by: UserInput;
  count: number;
}
