import { median, medianRatio } from "./measure/statistics.js";
import { textTable } from "./measure/text-table.js";
import type { Figure, Sample, Workload } from "./workloads/workload.js";

/** A row of a table: what one contender did in every round, or why it did not take part. */
export interface Row {
  readonly title: string;
  /** Undefined for a round that was not measured. */
  readonly samples: readonly (Sample | undefined)[];
  /** Why there are none. */
  readonly whyNot?: string | undefined;
}

const MIB = 1_048_576;
const UNKNOWN = "-";

/** The table of one workload; the first row is ours, with which the others are compared. */
export function workloadTable(workload: Workload, rows: readonly Row[]): string {
  const header = ["", "median s", "min", "max", "Piecewise ÷ it", "fetchers CPU s", "seeders CPU s", "peak RSS MiB", "sent MiB"];
  const lines = rows.map((row) => tableRow(row, rows[0]!, workload.figures));
  const notes = rows.flatMap(({ title, whyNot }) => (whyNot === undefined ? [] : [`${title}: ${whyNot}`]));
  return [`${workload.name}: ${workload.title}`, "", textTable([...header, ...workload.figures.map((figure) => figure.header)], lines), ...notes].join("\n");
}

function tableRow({ title, samples, whyNot }: Row, ours: Row, figures: readonly Figure[]): string[] {
  if (whyNot !== undefined) return [title, "not measured"];
  const seconds = samples.flatMap((sample) => sample?.seconds ?? []);
  const ratio = title === ours.title ? undefined : medianRatio(secondsOf(ours), secondsOf({ title, samples }));
  const of = (pick: (sample: Sample) => number | undefined, digits: number): string =>
    text(median(samples.flatMap((sample) => (sample && pick(sample)) ?? [])), digits);
  return [
    title,
    text(median(seconds), 2),
    text(Math.min(...seconds), 2),
    text(Math.max(...seconds), 2),
    text(ratio, 2),
    of((sample) => sample.fetcherCpuSeconds, 2),
    of((sample) => sample.seederCpuSeconds, 2),
    of((sample) => sample.fetcherRssBytes && sample.fetcherRssBytes / MIB, 0),
    of((sample) => sample.sentBytes && sample.sentBytes / MIB, 1),
    ...figures.map(({ key, digits }) => of((sample) => sample.figures?.[key], digits)),
  ];
}

const secondsOf = ({ samples }: Row): (number | undefined)[] => samples.map((sample) => sample?.seconds);

const text = (value: number | undefined, digits: number): string => (value === undefined ? UNKNOWN : value.toFixed(digits));
