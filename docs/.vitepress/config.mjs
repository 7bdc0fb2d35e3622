// The documentation site: the pages of this folder, and the library's reference that typedoc writes into api/.
import { existsSync, readdirSync, readFileSync } from "node:fs";

const docs = new URL("../", import.meta.url);
const page = (text, link) => ({ text, link });

/** Pages of a folder by their own titles. */
function folder(name) {
  return readdirSync(new URL(`${name}/`, docs))
    .filter((file) => file.endsWith(".md"))
    .sort()
    .map((file) => {
      const title = /^# (.*)$/m.exec(readFileSync(new URL(`${name}/${file}`, docs), "utf8"))?.[1] ?? file;
      return page(title, `/${name}/${file.replace(/\.md$/, "")}`);
    });
}

/** The reference's first page, when typedoc has written it. */
const reference = ["README", "index"].find((name) => existsSync(new URL(`api/${name}.md`, docs)));

export default {
  title: "hxloop",
  description: "Calibrate analog AdEx neurons of BrainScaleS-2, with honest posteriors",
  srcExclude: ["node_modules/**"],
  // Pages also lead to files of the repository, which the site does not hold.
  ignoreDeadLinks: [/\.\.\//, /\.json$/, /^\.?\/?(results|decisions|discoveries)\/(index)?$/],
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      page("Guide", "/first-calibration"),
      page("Library", "/library"),
      page("Results", "/results/main-job"),
      ...(reference === undefined ? [] : [page("Reference", `/api/${reference}`)]),
    ],
    sidebar: {
      "/": [
        {
          text: "Guide",
          items: [
            page("First calibration in five minutes", "/first-calibration"),
            page("Bring your own recording", "/targets"),
            page("Connect a board", "/hardware"),
            page("Debug the protocol", "/debugging"),
            page("Write a task", "/tasks"),
            page("From a result to the chip", "/codes"),
            page("The LIF stage", "/lif"),
            page("Many neurons", "/many-neurons"),
            page("Studies", "/studies"),
            page("The command line", "/command-line"),
            page("A run is a folder", "/run-folder"),
          ],
        },
        {
          text: "Understand",
          items: [
            page("The statistics", "/statistics"),
            page("The physics", "/chip-model"),
            page("What a chip is like", "/chip"),
            page("Architecture", "/architecture"),
            page("Glossary", "/glossary"),
          ],
        },
        {
          text: "As a library",
          items: [page("Driver and protocol", "/library"), page("The inference library alone", "/inference")],
        },
        {
          text: "The wire",
          items: [
            page("Protocol", "/protocol"),
            page("Registers", "/registers"),
            page("Programs in text", "/assembly"),
            page("Wireshark", "/wireshark"),
            page("Serial link", "/serial-link"),
            page("Boards and bad wires", "/boards"),
            page("Sharing boards", "/gateway"),
          ],
        },
        { text: "Results", collapsed: true, items: folder("results") },
        { text: "Decisions", collapsed: true, items: folder("decisions") },
        { text: "Discoveries", collapsed: true, items: folder("discoveries") },
      ],
    },
  },
};
