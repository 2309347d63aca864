/**
 * The style of `report.html`: calm, light and dark as the reader's system is.
 * @module
 */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f7f8f8;--card:#fff;--ink:#1b2426;--soft:#526063;--line:#dde3e4;--accent:#0b6670;--sel:#e2f1f2;
--more:#a8440a;--less:#0b6b3a;--hot:#c02a2a;--warm:#b86e00;--ok:#23868f;--sat:42%;--lum:86%;--tile:#16211f}
@media (prefers-color-scheme:dark){:root{--bg:#111718;--card:#182022;--ink:#e5ecec;--soft:#9fb0b2;--line:#2b3739;--accent:#6fcdd6;--sel:#1d3a3e;
--more:#f0a16b;--less:#76d29b;--hot:#ef6f6f;--warm:#e3ab4f;--ok:#4bb0ba;--sat:30%;--lum:27%;--tile:#eef5f4}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0 auto;max-width:1240px;padding:0 1.5rem 3rem;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{display:flex;flex-wrap:wrap;gap:1rem 3rem;align-items:end;justify-content:space-between;padding:2.2rem 0 1.2rem}
h1{margin:0;font-size:2rem;line-height:1.1;letter-spacing:-.02em}
h1 .target{color:var(--accent);font-weight:400}
h2{margin:0 0 .8rem;font-size:1.15rem;letter-spacing:-.01em}
h3{margin:0;font-size:1.2rem;overflow-wrap:anywhere}
section>h3{margin-top:1.4rem;font-size:1rem}
h4{margin:1.4rem 0 .4rem;font-size:.95rem}
nav{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:.25rem 1.4rem;padding:.6rem 0;margin-bottom:1rem;background:var(--bg);border-bottom:1px solid var(--line)}
a,.link{color:var(--accent);text-decoration:none}
a:hover,.link:hover{text-decoration:underline}
.link{border:0;padding:0;background:none;font:inherit;cursor:pointer;text-align:left}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:1rem;z-index:3;padding:.5rem 1rem;background:var(--card)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
section{scroll-margin-top:3.5rem;margin-bottom:1.2rem;padding:1.3rem 1.4rem;background:var(--card);border:1px solid var(--line);border-radius:12px}
section>p{margin:.2rem 0 .8rem;color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:.8rem 2.2rem;margin:0}
.facts dt{color:var(--soft);font-size:.8rem}
.facts dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
.facts dd small{font-size:.85rem}
.facts.small{margin:.8rem 0 1rem}
.facts.small dd{font-size:1rem}
.why{margin:.2rem 0;color:var(--soft)}
figure{margin:0}
.map{position:relative;width:100%;min-height:200px;overflow:hidden;border-radius:8px;background:var(--line)}
.tile{position:absolute;overflow:hidden;padding:.3rem .45rem;border:1px solid var(--card);border-radius:5px;color:var(--tile);font-size:.78rem;line-height:1.25;background:hsl(var(--h) var(--sat) var(--lum))}
.tile b{display:block;font-weight:600;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.tile span{display:block;opacity:.85;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.tile i{font-style:normal}
.tile:hover{filter:brightness(1.06)}
.pick{cursor:pointer}
.h0{--h:186}.h1{--h:32}.h2{--h:262}.h3{--h:140}.h4{--h:340}.h5{--h:212}.h6{--h:58}.h7{--h:300}.h8{--h:200;--sat:6%}
details{margin-top:.5rem}
summary{width:max-content;color:var(--soft);font-size:.85rem;cursor:pointer}
.scroll{overflow:auto;max-height:28rem}
#changes .scroll{max-height:17rem}
table{width:100%;border-collapse:collapse;font-size:.9rem}
th,td{padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;font-weight:400;overflow-wrap:break-word}
tbody tr:last-child>*{border-bottom:0}
thead th{position:sticky;top:0;background:var(--card);color:var(--soft);font-size:.8rem;white-space:nowrap}
.r{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th.r,td.r{padding-right:.8rem}
.plain{margin:0;padding:0;list-style:none}
.more{color:var(--more)}.less{color:var(--less)}.same{color:var(--soft)}
.pair{display:grid;grid-template-columns:minmax(260px,1fr) 2.1fr;gap:1.8rem}
.pair>*{min-width:0}
@media (max-width:820px){.pair{grid-template-columns:1fr}body{padding:0 .8rem 2rem}}
.tools{display:grid;grid-template-columns:auto 1fr;gap:.45rem .7rem;align-items:center;font-size:.85rem}
.tools label{color:var(--soft)}
input,select{width:100%;padding:.4rem .6rem;border:1px solid var(--line);border-radius:7px;background:var(--bg);color:var(--ink);font:inherit}
.status{margin:.5rem 0;color:var(--soft);font-size:.8rem}
.list{position:relative;max-height:40rem;overflow:auto;border:1px solid var(--line);border-radius:8px}
.list [role=option]{position:relative;display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 .8rem;padding:.5rem .8rem .6rem;border-bottom:1px solid var(--line);cursor:pointer}
.list [role=option][hidden]{display:none}
.list [role=option]:hover{background:var(--bg)}
.list [aria-selected=true],.list [aria-selected=true]:hover{background:var(--sel)}
.list b{overflow:hidden;font-weight:600;text-overflow:ellipsis;white-space:nowrap}
.list small{overflow:hidden;color:var(--soft);text-overflow:ellipsis;white-space:nowrap}
.bar{position:absolute;left:0;bottom:0;height:3px;background:var(--ok);opacity:.7}
.used{white-space:nowrap;font-variant-numeric:tabular-nums}
.meter{display:inline-block;width:7rem;height:.5rem;margin-right:.4rem;overflow:hidden;border-radius:4px;background:var(--line);vertical-align:middle}
.meter i{display:block;height:100%;background:var(--ok)}
.meter.warm i{background:var(--warm)}.meter.hot i{background:var(--hot)}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,monospace}
footer{padding:1rem 0;color:var(--soft);font-size:.8rem}
@media print{nav,.tools,.list{display:none}.pair{grid-template-columns:1fr}}
`;
