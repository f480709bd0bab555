/**
 * Draws charts, by uPlot. What charts load when the first one is shown. It knows nothing of states.
 */

import UPlot from "uplot";
import type { Data } from "./series";

/** Points of a scatter chart up to which its dots are round: squares take an eighth of the time. */
const MAX_ROUND = 1_000;
/** Points of a line from which on it is thin: a thick one takes the browser half as long again. */
const MIN_THIN = 2_000;
const DOT_PX = 5;
/** Dots of many that are closer than that are drawn as one. */
const HIDDEN_PX = 2;
const FONT_PX = 12;

/** How a transition of the box's colour ends; there is one whenever the theme has changed. */
const ENDS = ["transitionend", "transitioncancel"];

/** What a plot can't change: another look needs another plot. */
export interface Look {
  /** The label of x. */
  x: string;
  /** The labels of the series. */
  names: readonly string[];
  isScatter: boolean;
  isTime: boolean;
}

/** What a plot asks for and tells. */
export interface Surroundings {
  /** The colours of the series, as the theme is now. */
  colors(): string[];
  /** Which point is pointed at. */
  point(index: number | undefined): void;
}

/** A chart in a box: as large as that, in its colours, and drawn at most once a frame. */
export class Plot {
  #box: HTMLElement;
  #look: string;
  #plot: UPlot;
  #colors: string[] = [];
  #data: Data | undefined;
  #frame = 0;
  #around: Surroundings;
  #resized = new ResizeObserver(() => this.#resize());

  constructor(box: HTMLElement, look: Look, around: Surroundings) {
    this.#box = box;
    this.#look = JSON.stringify(look);
    this.#around = around;
    this.#colors = around.colors();
    this.#plot = new UPlot(this.#options(look), [[], ...look.names.map(() => [])], box);
    this.#resized.observe(box);
    for (const end of ENDS) box.addEventListener(end, this.#recolor);
  }

  /** Tells whether it is a plot in this box with this look. */
  isOf(box: HTMLElement, look: Look): boolean {
    return box === this.#box && JSON.stringify(look) === this.#look;
  }

  /** Draws data in the next frame; what comes before that takes its place. */
  draw(data: Data): void {
    if (data === this.#data) return;
    this.#data = data;
    this.#request();
  }

  pointAt(index: number): void {
    const { x = [] } = this.#data ?? {};
    const left = this.#plot.valToPos(x[index] ?? 0, "x");
    this.#plot.setCursor({ left, top: 1 });
    this.#around.point(index); // several points may have one x
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    this.#resized.disconnect();
    for (const end of ENDS) this.#box.removeEventListener(end, this.#recolor);
    this.#plot.destroy();
  }

  #request(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#colors = this.#around.colors();
      const { x = [], y = [] } = this.#data ?? {};
      for (const series of this.#plot.series) series.width = x.length < MIN_THIN ? 1.5 : 1;
      this.#plot.setData([x, ...y] as UPlot.AlignedData);
    });
  }

  #recolor = (): void => this.#request(); // the style may pass through several colours

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (width > 0 && height > 0) this.#plot.setSize({ width, height });
  }

  #options(look: Look): UPlot.Options {
    const style = getComputedStyle(this.#box);
    const font = `${FONT_PX}px ${style.fontFamily}`;
    // The style is that of the moment when they are called.
    const [text, line] = [() => style.color, () => style.borderTopColor];
    const axis = { stroke: text, font, labelFont: font, labelSize: 20, labelGap: 0 };
    const lines = { grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 5 } };
    const yLabel = look.names.length === 1 ? { label: look.names[0] as string } : {};
    return {
      width: this.#box.clientWidth || 600,
      height: this.#box.clientHeight || 252,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: look.isTime } },
      axes: [
        { ...axis, ...lines, label: look.x, size: 32 },
        { ...axis, ...lines, ...yLabel, size: widthOf },
      ],
      series: [
        {},
        ...look.names.map((_, index) => ({
          stroke: () => this.#colors[index] ?? "",
          width: 1.5,
          ...(look.isScatter
            ? { paths: () => null, points: { show: false } }
            : { points: { size: DOT_PX, fill: () => this.#colors[index] ?? "" } }),
        })),
      ],
      hooks: {
        setCursor: [(plot) => this.#around.point(plot.cursor.idx ?? undefined)],
        drawSeries: look.isScatter ? [(_, index) => this.#dots(index)] : [],
      },
    };
  }

  /** Draws the dots of a series: uPlot's own take eight times as long where there are many. */
  #dots(index: number): void {
    const { bbox, ctx, data, scales } = this.#plot;
    const [xs, ys] = [data[0], data[index] ?? []];
    const [{ min: left = 0, max: right = 0 }, { min: bottom = 0, max: top = 0 }] = [
      scales.x as UPlot.Scale,
      scales.y as UPlot.Scale,
    ];
    const size = Math.round(DOT_PX * devicePixelRatio);
    const isRound = xs.length <= MAX_ROUND;
    const [perX, perY] = [bbox.width / (right - left), bbox.height / (top - bottom)];
    const width = Math.ceil(ctx.canvas.width / HIDDEN_PX) + 1;
    const isDrawn = new Uint8Array(width * (Math.ceil(ctx.canvas.height / HIDDEN_PX) + 1));
    ctx.save();
    ctx.fillStyle = this.#colors[index - 1] ?? "";
    for (let place = 0; place < xs.length; place += 1) {
      const y = ys[place];
      if (y === null || y === undefined) continue;
      const [x0, y0] = [
        bbox.left + ((xs[place] as number) - left) * perX,
        bbox.top + (top - y) * perY,
      ];
      if (isRound) {
        ctx.beginPath();
        ctx.arc(x0, y0, size / 2, 0, 2 * Math.PI);
        ctx.fill();
        continue;
      }
      // One that a neighbour hides takes as long to draw as one that is seen.
      const [column, line] = [Math.round(x0 / HIDDEN_PX), Math.round(y0 / HIDDEN_PX)];
      const cell = line * width + column;
      if (isDrawn[cell]) continue;
      isDrawn[cell] = 1;
      ctx.fillRect(Math.round(x0 - size / 2), Math.round(y0 - size / 2), size, size);
    }
    ctx.restore();
  }
}

/** Returns the width of the axis of y, which its longest number needs. */
function widthOf(plot: UPlot, values: string[] | null): number {
  const longest = (values ?? []).reduce((one, two) => (two.length > one.length ? two : one), "");
  return Math.max(Math.ceil(plot.ctx.measureText(longest).width / devicePixelRatio) + 14, 40);
}
