/** The page's style: one column, system fonts, light and dark screens; in print A4 across, one figure per page, light. */
import { darkPalette, lightPalette, paletteDeclarations } from "../svg/palette.js";

export const pageStyle = `
:root{color-scheme:light dark;${paletteDeclarations(lightPalette)}}
@media screen and (prefers-color-scheme:dark){:root{${paletteDeclarations(darkPalette)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--hx-background);color:var(--hx-ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1008px;margin:0 auto;padding:28px 24px 48px}
h1{font-size:25px;line-height:1.25;margin:0 0 4px}
h2{font-size:18px;line-height:1.3;margin:0 0 12px}
p{margin:0 0 12px;max-width:78ch}
.lead{color:var(--hx-muted);overflow-wrap:anywhere}
section,figure{margin:36px 0 0}
figure svg{display:block;width:auto;max-width:100%;height:auto;margin:0 auto}
figcaption{font-size:13.5px;line-height:1.5;margin-top:12px;max-width:108ch}
table{border-collapse:collapse;font-size:14px}
th,td{padding:4px 0 4px 26px;text-align:right;vertical-align:top;border-bottom:1px solid var(--hx-rule)}
th{font-weight:600;color:var(--hx-muted)}
th:first-child,td:first-child{padding-left:0;text-align:left}
.facts td,.facts th{text-align:left}
.facts th{width:42%;font-weight:400}
.facts td{overflow-wrap:anywhere}
.verdicts td,.verdicts th{text-align:left}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:28px 40px;align-items:start}
.columns table{width:100%}
.wide{overflow-x:auto}
.notices{border-left:4px solid var(--hx-repeat);padding:2px 0 2px 16px}
.notices ul{margin:0;padding-left:18px}
.note{font-size:13.5px;color:var(--hx-muted);margin-top:10px}
@page{size:A4 landscape;margin:11mm}
@media print{
body{font-size:9.5pt}
p{max-width:none}
main{max-width:none;padding:0}
section{margin-top:16px;break-inside:avoid}
h1{font-size:17pt}
h2{font-size:13pt;break-after:avoid}
table{font-size:9pt}
th,td{padding-top:2px;padding-bottom:2px}
.columns{gap:14px 36px}
figure{margin:0;break-before:page;break-inside:avoid}
figure svg{max-height:148mm}
figcaption,.note{font-size:9pt;max-width:none}
}
`.trim();
