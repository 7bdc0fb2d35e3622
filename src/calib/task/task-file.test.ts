import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { settingOf } from "./task.js";
import { parseTask } from "./task-file.js";
import { taskFileJsonSchema, taskText } from "./task-text.js";
import { shippedTasks, taskByName } from "./tasks.js";

const head = 'schema = "hxloop.task/1"\nname = "mine"\nbase = "paper"\n';
const parse = (text: string) => parseTask(text, "mine.toml", taskByName);

describe("a task file", () => {
  it("of three lines is the task it is based on, under its own name", () => {
    expect(parse(head)).toEqual({ ...taskByName("paper"), name: "mine" });
  });

  it.each(shippedTasks.map((task) => [task.name, task] as const))(
    "written from %s is that task again",
    (name, task) => {
      expect(parse(taskText(task, name, name))).toEqual(task);
      // Also over another base: the text says all that can be said.
      const other = name === "lif" ? "paper" : "lif";
      const { neuronCodes, ...rest } = parse(taskText(task, name, other));
      expect(rest).toEqual({ ...task, neuronCodes: undefined });
      expect(neuronCodes).toMatchObject(task.neuronCodes);
    },
  );

  it("changes what it says and nothing else", () => {
    const task = parse(`${head}
[[parameter]]
name = "i_bias_leak"
range = [20, 500]
mode = "divide"

[cells]
v_reset = 400
i_bias_adapt_tau = 100

[neuron]
enableAdaptation = false

[stimulus]
off_us = 1000
end_us = 1500

[budget]
simulations = 500
`);
    const paper = taskByName("paper");
    expect(task.parameters).toEqual([{ name: "i_bias_leak", min: 20, max: 500, mode: "divide" }]);
    const { i_bias_leak: _, ...fixed } = paper.neuronCodes;
    expect(task.neuronCodes).toEqual({ ...fixed, v_reset: 400, i_bias_adapt_tau: 100 });
    expect(task.neuronConfig).toEqual({ ...paper.neuronConfig, enableAdaptation: false });
    expect(task.stimulus).toEqual({ onUs: 100, offUs: 1000, endUs: 1500 });
    expect(task.grid).toEqual({ length: 750, stepUs: 2, startUs: 1 });
    expect(task.budget).toEqual({ ...paper.budget, simulations: 500 });
  });

  it.each([
    ["no TOML", `${head}[budget\nrounds = 3`, /line 4, column \d+/],
    ["a key misspelt", `${head}[budget]\nsimulation = 300`, /^mine\.toml: budget\.simulation: is no key/],
    ["a key of another kind", `${head}[budget]\nrounds = "three"`, /^mine\.toml: budget\.rounds: .*number/],
    ["a number out of range", `${head}[budget]\nrounds = 0`, /budget\.rounds: .*1/],
    ["a cell that is none", `${head}[cells]\nv_lek = 3`, /cells\.v_lek/],
    ["a code that may not be sent", `${head}[cells]\nv_leak = 1023`, /cells\.v_leak: .*1022/],
    ["a switch that is none", `${head}[neuron]\nenableMagic = true`, /neuron\.enableMagic/],
    [
      "a parameter twice",
      `${head}${'[[parameter]]\nname = "v_exp"\nrange = [0, 9]\n'.repeat(2)}`,
      /parameter\[1\]\.name.*twice/,
    ],
    ["an empty range", `${head}[[parameter]]\nname = "v_exp"\nrange = [9, 9]`, /parameter\[0\]\.range: .*below/],
    [
      "a sign where there is none",
      `${head}[[parameter]]\nname = "v_exp"\nrange = [-9, 9]`,
      /parameter\[0\]\.range: .*sign/,
    ],
    [
      "a mode where there is none",
      `${head}[[parameter]]\nname = "v_exp"\nrange = [1, 9]\nmode = "divide"`,
      /parameter\[0\]\.mode/,
    ],
    ["a demo outside", `${head}[[parameter]]\nname = "v_exp"\nrange = [1, 9]\ndemo = [0, 9]`, /parameter\[0\]\.demo/],
    ["a cell without a code", `${head}[[parameter]]\nname = "v_exp"\nrange = [1, 9]`, /cells\.v_reset: has no code/],
    ["a grid that does not fit", `${head}[recording]\nstep_us = 3.7`, /recording\.step_us/],
    ["a stimulus out of order", `${head}[stimulus]\noff_us = 50`, /stimulus: .*follow/],
    ["another schema", 'schema = "x"\nname = "mine"\nbase = "paper"', /schema/],
    ["an unknown base", 'schema = "hxloop.task/1"\nname = "mine"\nbase = "none"', /base: .*paper, adex7, lif, pattern/],
    ["a name for no folder", 'schema = "hxloop.task/1"\nname = "../x"\nbase = "paper"', /name: must be/],
  ])("is refused for %s, with the path of the key", (_, text, message) => {
    let caught: unknown;
    try {
      parse(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ _tag: "TaskInvalid", failure: "input", source: "mine.toml" });
    expect((caught as Error).message).toMatch(message);
  });

  it("has a schema for editors, as it is published", () => {
    const published: unknown = JSON.parse(readFileSync("docs/task.schema.json", "utf8"));
    expect(published).toEqual(JSON.parse(JSON.stringify(taskFileJsonSchema())));
  });
});

describe("a setting", () => {
  it("writes magnitudes and turns signs into switches", () => {
    const task = taskByName("pattern");
    const theta = task.parameters.map(({ name, min }) => (name === "i_bias_adapt_a" ? -120 : Math.max(1, min)));
    const { cells, neuronConfig } = settingOf(task, theta);
    expect(Object.fromEntries(cells).i_bias_adapt_a).toBe(120);
    expect(neuronConfig.invertAdaptationA).toBe(true);
    expect(neuronConfig.invertAdaptationB).toBeUndefined();
    const positive = settingOf(task, theta.map(Math.abs));
    expect(positive.neuronConfig.invertAdaptationA).toBe(false);
  });

  it("sets the mode of a conductance", () => {
    const task = parse(
      `${head}[[parameter]]\nname = "i_bias_leak"\nrange = [1, 9]\nmode = "divide"\n[cells]\nv_reset = 4\ni_bias_adapt_tau = 9`,
    );
    expect(settingOf(task, [5]).neuronConfig).toMatchObject({
      enableLeakDivision: true,
      enableLeakMultiplication: false,
    });
  });
});
