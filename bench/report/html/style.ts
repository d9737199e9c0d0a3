/** Light and dark, as the reader's system has it. The colours of series keep apart for those who see red and green alike. */
export const STYLE = `
:root { color-scheme: light dark; --page: #ffffff; --panel: #f6f7f9; --ink: #1b1f24; --quiet: #656d76; --grid: #dfe3e8;
  --s0: #0b6bcb; --s1: #d97706; --s2: #0f8a6b; --s3: #b4439b; --s4: #6b7280; --s5: #b45309; --good: #0f7a4f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #12151a; --panel: #1b2027; --ink: #e6e9ee; --quiet: #98a1ac; --grid: #2d343d;
  --s0: #5aa9f5; --s1: #f0a63a; --s2: #3fc39b; --s3: #df86cb; --s4: #9aa4b2; --s5: #d9a066; --good: #58c98f; --bad: #f08078; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 32px 24px 64px; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 40px 0 4px; }
p { margin: 4px 0 12px; max-width: 78ch; } .quiet { color: var(--quiet); fill: var(--quiet); }
.warning { border-left: 4px solid var(--bad); padding: 4px 12px; background: var(--panel); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 8px 24px; } h3 { font-size: 15px; margin: 12px 0 4px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: 5px 10px; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th { color: var(--quiet); font-weight: 600; } th:first-child, td:first-child, .words { text-align: left; }
.good { color: var(--good); } .bad { color: var(--bad); }
.key { display: inline-block; width: 11px; height: 11px; margin: 0 5px 0 14px; border-radius: 2px; } .key:first-child { margin-left: 0; }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); } svg text.quiet { fill: var(--quiet); }
svg .value { font-variant-numeric: tabular-nums; } .grid { stroke: var(--grid); stroke-width: 1; } .curve { fill: none; stroke-width: 2; }
${[0, 1, 2, 3, 4, 5].map((series) => `.curve.series-${series} { stroke: var(--s${series}); } svg .text-${series} { fill: var(--s${series}); } rect.series-${series} { fill: var(--s${series}); } .key.series-${series} { background: var(--s${series}); }`).join('\n')}
`;
