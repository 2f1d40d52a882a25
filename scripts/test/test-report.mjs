import { existsSync, readFileSync } from "node:fs";

/**
 * Sums up vitest's JSON reports. A file that could not be loaded has no tests to count and counts as one that failed; so does a report that
 * is missing, for its tests did not run.
 */
export function countTests(reportPaths) {
  const total = { passed: 0, failed: 0 };
  for (const path of reportPaths) {
    if (!existsSync(path)) {
      total.failed += 1;
      continue;
    }
    const report = JSON.parse(readFileSync(path, "utf8"));
    const brokenFiles = report.testResults.filter((file) => file.status === "failed" && !file.assertionResults.some(hasFailed));
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests + brokenFiles.length;
  }
  return total;
}

const hasFailed = (test) => test.status === "failed";
