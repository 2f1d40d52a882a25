const WIDTH = 860;
const MARGIN = { left: 56, right: 14, top: 10, bottom: 34 };
const TICKS = 6;

/** A place to draw in, with both axes; what is drawn is given in units of the axes. */
export interface Plot {
  readonly width: number;
  readonly height: number;
  x(value: number): string;
  y(value: number): string;
  /** The picture: axes, and what was drawn. */
  svg(drawn: string): string;
}

export interface Axis {
  readonly max: number;
  readonly label: string;
}

/** A plot of a height in pixels, both axes from 0. An axis without a label has no ticks. */
export function createPlot(height: number, horizontal: Axis, vertical: Axis): Plot {
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height };
  const x = (value: number): string => ((value / horizontal.max) * inner.width).toFixed(1);
  const y = (value: number): string => (inner.height - (value / vertical.max) * inner.height).toFixed(1);
  const axes = [
    ...ticksOf(horizontal).map((tick) => `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="0" y2="${inner.height}"/><text x="${x(tick)}" y="${inner.height + 14}" text-anchor="middle">${figure(tick)}</text>`),
    ...ticksOf(vertical).map((tick) => `<line class="grid" x1="0" x2="${inner.width}" y1="${y(tick)}" y2="${y(tick)}"/><text x="-6" y="${y(tick)}" dy="4" text-anchor="end">${figure(tick)}</text>`),
    `<text x="${inner.width}" y="${inner.height + 29}" text-anchor="end">${horizontal.label}</text>`,
    `<text transform="rotate(-90)" x="0" y="${-MARGIN.left + 12}" text-anchor="end">${vertical.label}</text>`,
  ].join("");
  const total = height + MARGIN.top + MARGIN.bottom;
  return {
    ...inner,
    x,
    y,
    svg: (drawn) => `<svg width="${WIDTH}" height="${total}" viewBox="0 0 ${WIDTH} ${total}"><g transform="translate(${MARGIN.left} ${MARGIN.top})">${axes}${drawn}</g></svg>`,
  };
}

/** Round numbers, about as many as there is room for. */
function ticksOf({ max, label }: Axis): number[] {
  if (label === "") return [];
  const rough = max / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => i * step);
}

const figure = (value: number): string => String(Math.round(value * 1000) / 1000);
