const BAR_WIDTH_MAX = 40;
const BAR_WIDTH_MIN = 8;
const GAP = "  ";

/** What a line of progress says. */
export interface ProgressLine {
  /** 0 to 1; undefined while the whole is not known. */
  readonly fraction: number | undefined;
  /** What goes on, then the figures, the most important first. */
  readonly parts: readonly string[];
}

/** The line without a bar and of any length, for logs and pipes. */
export const formatPlainLine = ({ fraction, parts }: ProgressLine): string => withPercent(fraction, parts).join(GAP);

/** The line for a terminal of `width` columns: the bar shrinks first, then it goes, then the figures from the last one on. */
export function formatBarLine({ fraction, parts }: ProgressLine, width: number): string {
  const shown = withPercent(fraction, parts);
  while (shown.length > 1 && columnsOf(shown.join(GAP)) > width) shown.pop();
  const text = shown.join(GAP);
  const bar = fraction === undefined ? "" : drawBar(fraction, Math.min(BAR_WIDTH_MAX, width - columnsOf(text) - columnsOf(GAP)));
  return bar === "" ? [...text].slice(0, width).join("") : `${bar}${GAP}${text}`;
}

/** The percentage follows what goes on. It is rounded down: 100 % means all of it. */
function withPercent(fraction: number | undefined, parts: readonly string[]): string[] {
  if (fraction === undefined) return [...parts];
  return [...parts.slice(0, 1), `${Math.floor(fraction * 100)}%`, ...parts.slice(1)];
}

/** `[=====>    ]`, or nothing if there is no room for a useful one. */
function drawBar(fraction: number, width: number): string {
  const cells = width - 2;
  if (cells < BAR_WIDTH_MIN) return "";
  const done = Math.floor(fraction * cells);
  const filled = done === cells ? "=".repeat(cells) : `${"=".repeat(done)}>`.slice(0, cells);
  return `[${filled.padEnd(cells)}]`;
}

const columnsOf = (text: string): number => [...text].length;
