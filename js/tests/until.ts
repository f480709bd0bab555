/** Waits for conditions, never for a time. */

import { vi } from "vitest";

/** Waits until `condition` returns something true, and returns that. */
export function until<T>(condition: () => T): Promise<NonNullable<Exclude<T, false>>> {
  return vi.waitUntil(condition, { interval: 5, timeout: 20_000 }) as Promise<
    NonNullable<Exclude<T, false>>
  >;
}
