import { beforeEach, describe, expect, it, vi } from "vitest";
import { useServer } from "../client";
import { find, findAll, textOf } from "../page";
import { until } from "../until";
import { showLayout, useElements } from "./shown";

useServer();
useElements();

// What is drawn is tested in a real browser: here is nothing to draw on.
beforeEach(() => {
  const nowhere = new Proxy({}, { get: () => () => ({ width: 1 }), set: () => true });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(nowhere as never);
  vi.stubGlobal("Path2D", function Path2D() {
    return nowhere;
  });
  return () => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  };
});

describe("a chart", () => {
  const plan = { kind: "line", path: ["points"], x: "t", y: ["loss", "val_loss"] };

  it("has a legend with the last values, and says in words what it shows", async () => {
    const { element, replace } = await showLayout(plan, {
      points: [
        { t: 0, loss: 3, val_loss: null },
        { t: 1, loss: 0.5, val_loss: 4 },
      ],
    });
    await until(() => findAll(element, "canvas").length === 1);
    const words = () => find(element, "[role=img]").getAttribute("aria-label");
    expect(textOf(find(element, "figcaption"))).toBe("Loss 0.5 Val loss 4");
    expect(words()).toBe(
      "Points, line chart of 2 points; T from 0 to 1; Loss: last 0.5, from 0.5 to 3; Val loss: last 4, from 4 to 4",
    );
    const swatches = findAll(element, ".swatch").map((one) => one.getAttribute("style"));
    expect(new Set(swatches).size).toBe(2);
    await replace("/points/1/loss", 0.25);
    expect(textOf(find(element, "figcaption"))).toBe("Loss 0.25 Val loss 4");
    expect(words()).toContain("Loss: last 0.25, from 0.25 to 3");
  });

  it("says what the state has nothing for, and what is no data", async () => {
    const { element, replace } = await showLayout(
      { ...plan, kind: "scatter", label: "Training" },
      { points: { t: [1], loss: [2] } },
    );
    await until(() => findAll(element, "canvas").length === 1);
    expect(textOf(find(element, "figcaption"))).toBe("Training Loss 2 Val loss – no val_loss");
    expect(find(element, "[role=img]").getAttribute("aria-label")).toContain(
      "Training, scatter chart of 1 point;",
    );
    await replace("/points", "none");
    expect(textOf(element)).toContain("expected rows,");
  });
});
