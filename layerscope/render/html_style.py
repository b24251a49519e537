"""How the HTML page looks; light or dark as the reader's system is."""

STYLE = """\
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6b7c; --line: #d8dfe6; --paper: #fff; --panel: #f5f7f9;
  --base: #9db1c6; --kept: #3f7cac; --waste: #d1603d; --critical: #a4133c; --high: #d1603d; --medium: #b98b00;
  --low: #5b6b7c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #9fb0c0; --line: #37434f; --paper: #14191f;
  --panel: #1c232b; --base: #56687b; --kept: #4f93c8; --waste: #e0795a; --medium: #d3a72c; --low: #8496a8;
  --critical: #d63864; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 34px 0 10px; }
.facts, .legend { color: var(--soft); margin: 4px 0 18px; overflow-wrap: anywhere; }
.alert { border-left: 4px solid var(--critical); padding: 6px 12px; background: var(--panel); }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 0 0 16px; }
.figures div { flex: 1 1 170px; background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: 10px 14px; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; font-size: 18px; font-weight: 600; }
.bar { display: flex; height: 12px; border-radius: 3px; overflow: hidden; }
.bar.tall { height: 26px; background: var(--panel); }
.bar i { display: block; min-width: 1px; }
i.base { background: var(--base); } i.kept { background: var(--kept); } i.waste { background: var(--waste); }
.legend span { margin-right: 18px; font-size: 13px; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px; }
li { margin: 4px 0; overflow-wrap: anywhere; }
.steps { padding-left: 20px; }
pre.diff { font: 13px/1.4 ui-monospace, monospace; background: var(--panel); padding: 8px 12px; overflow-x: auto; }
.diff ins { color: var(--kept); text-decoration: none; } .diff del { color: var(--critical); text-decoration: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 13px; }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { width: 1%; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.path, .step, code { font-family: ui-monospace, monospace; font-size: 13px; overflow-wrap: anywhere; }
td.chart { width: 180px; padding-top: 9px; }
.chart .bar { min-width: 60px; }
.layers td.step { min-width: 320px; }
.finding { border: 1px solid var(--line); border-radius: 6px; margin: 6px 0; padding: 6px 12px; }
.finding[open] { background: var(--panel); }
summary { cursor: pointer; display: flex; flex-wrap: wrap; gap: 10px; align-items: baseline; }
summary span:last-child { overflow-wrap: anywhere; flex: 1 1 320px; }
summary .size { min-width: 76px; text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.severity { color: #fff; border-radius: 3px; padding: 0 7px; font-size: 12px; min-width: 64px; text-align: center; }
.critical { background: var(--critical); } .high { background: var(--high); } .medium { background: var(--medium); }
.low { background: var(--low); }
.map { position: relative; width: 100%; aspect-ratio: 100 / 36; margin-bottom: 12px; }
.map div { position: absolute; background: var(--kept); border: 1px solid var(--paper); border-radius: 3px;
  overflow: hidden; color: #fff; font-size: 12px; line-height: 1.3; }
.map span { display: block; padding: 4px 6px; white-space: nowrap; }
@media print { details > * { display: block; } .scroll { overflow: visible; } }
"""
