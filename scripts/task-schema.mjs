// Writes docs/task.schema.json from the schema in the sources. Run after `npm run build`.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { taskFileJsonSchema } from "../dist/src/calib/task/task-text.js";

const path = "docs/task.schema.json";
writeFileSync(path, JSON.stringify(taskFileJsonSchema(), null, 2));
spawnSync(process.execPath, ["node_modules/@biomejs/biome/bin/biome", "format", "--write", path], { stdio: "inherit" });
