import { MIB } from "@piecewise/base";
import { median, medianRatio } from "./measure/statistics.js";
import { textTable } from "./measure/text-table.js";
import type { Figure, Sample, Workload } from "./workloads/workload.js";

/** A row of a table: what one contender did in every round, or why it did not take part. */
export interface Row {
  readonly title: string;
  /** By rounds; undefined for one in which it failed. */
  readonly samples: readonly (Sample | undefined)[];
  /** Why there is no sample, or not one for every round. */
  readonly notes: readonly string[];
}

const UNKNOWN = "-";

/** The table of one workload; the first row is ours, with which the others are compared. */
export function workloadTable(workload: Workload, rows: readonly Row[]): string {
  const header = ["", "median s", "min", "max", "Piecewise ÷ it", "fetchers CPU s", "seeders CPU s", "peak RSS MiB", "sent MiB"];
  const lines = rows.map((row) => tableRow(row, rows[0]!, workload.figures));
  const notes = rows.flatMap((row) => row.notes.map((note) => `${row.title}: ${note}`));
  return [`${workload.name}: ${workload.title}`, "", textTable([...header, ...workload.figures.map((figure) => figure.header)], lines), ...notes].join("\n");
}

function tableRow(row: Row, ours: Row, figures: readonly Figure[]): string[] {
  const { title, samples } = row;
  const seconds = samples.flatMap((sample) => sample?.seconds ?? []);
  if (seconds.length === 0) return [title, "not measured"];
  const ratio = row === ours ? undefined : medianRatio(secondsOf(ours), secondsOf(row));
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
