/**
 * Sends the latest of many values, at its own pace. It knows nothing of what they are.
 */

/**
 * Returns a function that hands values to `send`: at most one in `pauseMs`, and one at a time. What
 * comes meanwhile replaces what waits; the last value is always sent.
 */
export function latest<T>(
  send: (value: T) => Promise<void>,
  pauseMs: number,
): (value: T) => Promise<void> {
  let waiting: [T] | undefined;
  let running: Promise<void> | undefined;
  const run = async () => {
    while (waiting) {
      const [value] = waiting;
      waiting = undefined;
      const pause = new Promise((resolve) => setTimeout(resolve, pauseMs));
      await Promise.allSettled([send(value), pause]);
    }
    running = undefined;
  };
  return (value) => {
    waiting = [value];
    running ??= run();
    return running;
  };
}
