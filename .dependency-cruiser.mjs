// The layers of docs/architecture.md as rules. A test cruises the tree with them and plants a violation to prove that
// they are looked at.
const only = (name, from, ...allow) => ({
  name,
  severity: "error",
  comment: `files under ${from} may import only: ${[from, ...allow].join(", ")}`,
  from: { path: from, pathNot: "\\.test\\.ts$" },
  to: { path: "^(src|firmware-sim|test)/", pathNot: [from, ...allow] },
});

const base = "^src/base/";
const kernels = "^src/kernels/";
const protocol = "^src/protocol/";
const device = "^src/device/";
const iface = "^src/device/interface/";
const chip = "^src/virtual-chip/";
const calib = "^src/calib/";
const report = "^src/report/";
const firmware = "^firmware-sim/";
const roots = "^src/(api|cli|web|gateway)/";
const io = "^(node:)?(net|dgram|fs|fs/promises|http|https|child_process|worker_threads|tls)$|node_modules/serialport";
const noTest = { pathNot: "\\.test\\.ts$" };

export default {
  forbidden: [
    only("base-imports-nothing", base),
    only("kernels-import-base", kernels, base),
    only("protocol-imports-base", protocol, base),
    only("device-imports-protocol", device, protocol, base),
    only("interface-is-pure", iface, protocol, base),
    only("chip-imports-protocol-and-kernels", chip, kernels, protocol, base),
    only("firmware-imports-chip-and-kernels", firmware, chip, kernels, protocol, base),
    only("calib-imports-interface-only", calib, iface, kernels, base),
    only("report-imports-calib-data", report, calib, base),
    {
      name: "nobody-imports-roots",
      severity: "error",
      from: { path: "^(src|firmware-sim)/", pathNot: roots },
      to: { path: roots },
    },
    {
      name: "io-only-at-the-edge",
      severity: "error",
      from: {
        path: "^(src|firmware-sim)/",
        pathNot: ["^src/device/transport/", "^firmware-sim/listen/", "^src/kernels/load", roots, "\\.test\\.ts$"],
      },
      to: { path: io },
    },
    {
      name: "calib-chip-protocol-reach-no-io",
      severity: "error",
      from: { path: "^src/(calib|virtual-chip|protocol|report)/", ...noTest },
      to: { reachable: true, path: io },
    },
    {
      name: "tfjs-only-in-nn",
      severity: "error",
      from: { path: "^(src|firmware-sim)/", pathNot: ["^src/calib/nn/", "\\.test\\.ts$"] },
      to: { path: "node_modules/@tensorflow" },
    },
    {
      name: "sources-import-no-tests",
      severity: "error",
      from: { path: "^(src|firmware-sim)/", ...noTest },
      to: { path: "^test/|\\.test\\.ts$" },
    },
    { name: "no-cycles", severity: "error", from: { path: "^(src|firmware-sim)/" }, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "tfjs-node" } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|src/kernels/assembly)/" },
    enhancedResolveOptions: {
      extensionAlias: { ".js": [".ts", ".js"] },
      extensions: [".ts", ".js", ".mjs"],
      // Packages that have "exports" and no "main" are found only so.
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
