import { MIB } from "@piecewise/base";
import { expect, test } from "vitest";
import { type Row, workloadTable } from "./report.js";
import { createOneToOne } from "./workloads/w1-one-to-one.js";

const workload = createOneToOne(1);

const row = (title: string, seconds: readonly (number | undefined)[], notes: readonly string[] = []): Row => ({
  title,
  samples: seconds.map((each) => (each === undefined ? undefined : { seconds: each, fetcherRssBytes: 200 * MIB, sentBytes: 1_024 * MIB })),
  notes,
});

const cellsOf = (table: string, title: string): string[] =>
  table.split("\n").find((line) => line.startsWith(`${title} `))!.slice(title.length).trim().split(/ {2,}/);

test("shows medians, their spread, and how we compare round by round", () => {
  const table = workloadTable(workload, [row("Piecewise", [2, 4, 2.2]), row("aria2 1", [4, 8, 5])]);
  expect(table).toMatch(/^W1: 1 GiB, one seeder, one fetcher\n/);
  expect(cellsOf(table, "Piecewise")).toEqual(["2.20", "2.00", "4.00", "-", "-", "-", "200", "1024.0", "-"]);
  expect(cellsOf(table, "aria2 1").slice(0, 4)).toEqual(["5.00", "4.00", "8.00", "0.50"]);
});

test("says who was not measured, and why", () => {
  const table = workloadTable(workload, [row("Piecewise", [2]), row("aria2", [], ["not installed (apt-get install aria2)"])]);
  expect(cellsOf(table, "aria2")).toEqual(["not measured"]);
  expect(table).toMatch(/\naria2: not installed \(apt-get install aria2\)$/);
});

test("a round in which a rival failed is left out for both", () => {
  const table = workloadTable(workload, [row("Piecewise", [9, 2]), row("aria2", [undefined, 4], ["failed in round 1: it did"])]);
  expect(cellsOf(table, "aria2").slice(0, 4)).toEqual(["4.00", "4.00", "4.00", "0.50"]);
  expect(table).toContain("aria2: failed in round 1: it did");
});
