import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { latest } from "../../src/ui/latest";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("latest", () => {
  it("sends the first value at once and then the last of each pause", async () => {
    const sent: number[] = [];
    const send = latest(async (value: number) => void sent.push(value), 50);
    send(1);
    send(2);
    send(3);
    expect(sent).toEqual([1]);
    await vi.advanceTimersByTimeAsync(49);
    expect(sent).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([1, 3]);
    await vi.advanceTimersByTimeAsync(50);
    send(4);
    expect(sent).toEqual([1, 3, 4]);
  });

  it("waits for the answer, and goes on after one that failed", async () => {
    const answers: { resolve(): void; reject(error: Error): void }[] = [];
    const sent: number[] = [];
    const send = latest((value: number) => {
      sent.push(value);
      return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
    }, 50);
    const done = send(1);
    await vi.advanceTimersByTimeAsync(500);
    send(2);
    send(3);
    expect(sent).toEqual([1]);
    answers[0]?.reject(new Error("no"));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([1, 3]);
    answers[1]?.resolve();
    await vi.advanceTimersByTimeAsync(50);
    await expect(done).resolves.toBeUndefined();
  });
});
