import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Many tests wait for processes of their own: a core that drives them and one that they run on are used better by two.
    maxWorkers: 2,
    reporters: ["default"],
    server: { deps: { external: [/\/dist\/src\//] } },
    projects: [
      {
        extends: true,
        // Pure tests share a process: half of their time was loading modules anew for each file.
        test: { name: "unit", isolate: false, include: ["src/**/*.test.ts", "firmware-sim/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "suite",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          globalSetup: ["test/support/build.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/build.ts"],
          testTimeout: 240_000,
        },
      },
    ],
  },
});
