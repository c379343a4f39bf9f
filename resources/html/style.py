"""The look of every page: one sheet, light and dark by the reader's setting, printable."""

STYLE = """
:root { color-scheme: light dark;
  --page:#f6f7f9; --card:#fff; --text:#1b2330; --soft:#5d6778; --line:#dfe3ea;
  --good:#14795a; --good-bg:#e2f5ee; --bad:#b3261e; --bad-bg:#fdeceb; --warn:#8a5a00; --warn-bg:#fdf3dc;
  --skip-bg:#eceff4; --bar:#7d9bd1; --bar-now:#2f5fb3; }
@media (prefers-color-scheme: dark) { :root {
  --page:#11151c; --card:#1a202b; --text:#e6eaf1; --soft:#9aa5b8; --line:#2d3645;
  --good:#5fd3a9; --good-bg:#123528; --bad:#ff8d85; --bad-bg:#431c1a; --warn:#f0c36a; --warn-bg:#3b2e10;
  --skip-bg:#262e3b; --bar:#47618f; --bar-now:#7ea6ee; } }
* { box-sizing:border-box; }
body { margin:0; padding:2rem 1rem 4rem; background:var(--page); color:var(--text);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif; }
main { max-width:1080px; margin:0 auto; }
h1 { font-size:1.5rem; margin:0; line-height:1.25; }
h2 { font-size:1.1rem; margin:2.2rem 0 .7rem; }
h3 { font-size:.95rem; margin:0; font-weight:600; overflow-wrap:anywhere; }
.verdict { border-radius:12px; padding:1.3rem 1.5rem; border-left:6px solid; }
.verdict p { margin:.35rem 0 0; color:var(--text); overflow-wrap:anywhere; }
.verdict.pass { background:var(--good-bg); border-color:var(--good); } .verdict.pass h1 { color:var(--good); }
.verdict.fail { background:var(--bad-bg); border-color:var(--bad); } .verdict.fail h1 { color:var(--bad); }
.verdict.warn { background:var(--warn-bg); border-color:var(--warn); } .verdict.warn h1 { color:var(--warn); }
.tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(150px,1fr)); gap:.7rem;
  margin-top:.9rem; }
.tile, .card { background:var(--card); border:1px solid var(--line); border-radius:10px; }
.tile { padding:.7rem .9rem; }
.tile b { display:block; font-size:1.25rem; font-variant-numeric:tabular-nums; overflow-wrap:anywhere; }
.tile span { color:var(--soft); font-size:.82rem; }
.card { margin:.7rem 0; overflow:hidden; } .card > header { padding:.7rem .9rem; display:flex; gap:.6rem;
  align-items:baseline; border-bottom:1px solid var(--line); }
.badge { font-size:.75rem; font-weight:650; padding:.1rem .5rem; border-radius:99px; white-space:nowrap; }
.badge.pass { color:var(--good); background:var(--good-bg); }
.badge.fail,.badge.missing { color:var(--bad); background:var(--bad-bg); }
.badge.warn,.badge.different,.badge.unexpected { color:var(--warn); background:var(--warn-bg); }
.badge.skip { color:var(--soft); background:var(--skip-bg); }
ul.found { margin:.4rem 0; padding-left:1.3rem; } ul.found li { overflow-wrap:anywhere; margin:.15rem 0; }
.scroll { overflow-x:auto; }
table { border-collapse:collapse; width:100%; }
th { text-align:left; font-size:.8rem; color:var(--soft); font-weight:600; }
th,td { padding:.45rem .9rem; border-bottom:1px solid var(--line); vertical-align:top; }
tbody tr:last-child td { border-bottom:0; }
td.number { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; }
td small { color:var(--soft); display:block; overflow-wrap:anywhere; }
code,pre { font:12.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace; }
table.diff { table-layout:fixed; min-width:640px; } table.diff td { padding:0 .9rem; border:0; width:50%; }
table.diff td + td, table.diff th + th { border-left:1px solid var(--line); }
table.diff pre { margin:0; white-space:pre-wrap; overflow-wrap:anywhere; min-height:1.55em; }
table.diff td.gone { background:var(--good-bg); } table.diff td.new { background:var(--bad-bg); }
table.diff td.void { background:var(--skip-bg); }
mark { background:transparent; color:inherit; font-weight:700; text-decoration:underline 2px; }
.bars { min-width:160px; }
.bars i { display:block; height:7px; border-radius:4px; margin:3px 0; min-width:2px; background:var(--bar); }
.bars i.now { background:var(--bar-now); }
footer { margin-top:2.5rem; color:var(--soft); font-size:.82rem; }
@media print { body { background:#fff; padding:0; } .card,.tile { break-inside:avoid; } }
"""
