import { defineConfig } from "vitest/config";

// Tests run on the sources: the condition makes every @piecewise import resolve to src instead of dist.
const conditions = ["@piecewise/source", "module", "node", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
