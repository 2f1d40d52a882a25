/** What many trials came to, a row for each fault, as Markdown. */
export function factsTable(all) {
  const rows = [];
  for (const scenario of new Set(all.map((facts) => facts.scenario))) rows.push(rowOf(all.filter((facts) => facts.scenario === scenario)));
  const header = ["Scenario", "Fault", "Times", "Lost bytes", "Failed downloads", "Recovery p50, s", "Recovery max, s", "Also"];
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function rowOf(trials) {
  const [{ scenario, fault, figures }] = trials;
  const sum = (key) => trials.reduce((total, facts) => total + facts[key], 0);
  const recovery = trials.flatMap(({ recoveryMs }) => recoveryMs).toSorted((a, b) => a - b);
  const most = Object.keys(figures).map((name) => `${name}: ${rounded(Math.max(...trials.map((facts) => facts.figures[name])))}`);
  return [`\`${scenario}\``, fault, sum("tries"), sum("lostBytes"), sum("failedDownloads"), seconds(recovery[recovery.length >> 1]), seconds(recovery.at(-1)), most.join("; ")];
}

const rounded = (value) => (Math.abs(value) < 10 ? value.toFixed(2) : String(Math.round(value)));
const seconds = (ms) => (ms === undefined ? "" : (ms / 1000).toFixed(1));
