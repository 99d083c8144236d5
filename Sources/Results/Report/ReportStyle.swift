/// The page's style: light and dark, narrow and wide, on screen and on paper. Series differ by
/// shape and dash as well as by colour.
enum ReportStyle {
    static let css = """
        :root {
          color-scheme: light dark;
          --ground: #ffffff; --text: #1b1f24; --soft: #57606a; --rule: #d0d7de; --fill: #f3f5f8;
          --accent: #0b5cad; --accent-soft: #cfe3f8; --second: #a34700; --grid: #e4e8ec;
          --s0: #0b5cad; --s1: #a34700; --s2: #1a7f37; --s3: #8250df; --s4: #b02a6b; --s5: #57606a;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #12161c; --text: #e6eaef; --soft: #a3adb8; --rule: #3b444f; --fill: #1c222b;
            --accent: #79b8ff; --accent-soft: #1f3f63; --second: #ffab70; --grid: #2a313a;
            --s0: #79b8ff; --s1: #ffab70; --s2: #7ee787; --s3: #d2a8ff; --s4: #ff9bce; --s5: #a3adb8;
          }
        }
        * { box-sizing: border-box; }
        html { background: var(--ground); color: var(--text); -webkit-text-size-adjust: 100%; }
        body { font: 16px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; margin: 0 auto;
          max-width: 68rem; padding: 1.5rem 1.25rem 3rem; }
        h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 1rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.4rem; margin: 3rem 0 .75rem; padding-top: .75rem;
          border-top: 1px solid var(--rule); }
        h3 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
        p { margin: .75rem 0; max-width: 46rem; }
        .kicker { color: var(--soft); margin: 0; }
        .note, small, caption, figcaption, footer { color: var(--soft); }
        .note, footer { font-size: .9rem; }
        a { color: var(--accent); }
        a:focus-visible, button:focus-visible, summary:focus-visible, [tabindex]:focus-visible {
          outline: 3px solid var(--accent); outline-offset: 2px; }
        nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; list-style: none; margin: 0; padding: 0; }
        dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .75rem 1.5rem;
          margin: 1.25rem 0; }
        dt { color: var(--soft); font-size: .85rem; }
        dl.answers { grid-template-columns: 1fr; max-width: 46rem; }
        .answers dt { color: inherit; font-size: 1rem; font-weight: 600; }
        .answers dd { font-size: 1.05rem; }
        dd { margin: 0; overflow-wrap: anywhere; }
        code { font: .86em/1.45 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
        code.option { white-space: nowrap; }
        pre { background: var(--fill); border: 1px solid var(--rule); border-radius: 6px; margin: .75rem 0;
          overflow-x: auto; padding: .75rem 1rem; white-space: pre; }
        details { margin: 1rem 0; }
        summary { cursor: pointer; color: var(--accent); }
        .scroll { overflow-x: auto; margin: 1rem 0; }
        #heads small { display: block; }
        #heads .genotype, #trained-heads .genotype { min-width: 20rem; }
        #members .genotype { min-width: 20rem; }
        #control-rows .genotype, #control-rows td:last-child { min-width: 14rem; }
        td details { margin: 0; }
        .scroll:has(> #heads), .scroll:has(> #trained-heads) { max-height: 36rem; overflow-y: auto; border: 1px solid var(--rule);
          border-radius: 6px; padding: 0 .5rem; }
        #heads thead th, #trained-heads thead th { position: sticky; top: 0; background: var(--ground); }
        table { border-collapse: collapse; width: 100%; font-size: .92rem; }
        caption { text-align: left; padding: .4rem 0 .6rem; font-size: .9rem; }
        th, td { border-bottom: 1px solid var(--rule); padding: .4rem .6rem; text-align: left;
          vertical-align: top; font-weight: normal; }
        thead th { font-weight: 600; vertical-align: bottom; border-bottom: 2px solid var(--rule); }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        thead th.n { white-space: normal; }
        th button { all: unset; cursor: pointer; font-weight: 600; text-decoration: underline dotted;
          text-underline-offset: .25em; }
        th[aria-sort=ascending] button::after { content: " ▲"; }
        th[aria-sort=descending] button::after { content: " ▼"; }
        .genotype { display: inline-block; min-width: 24rem; overflow-wrap: break-word; }
        p .genotype { min-width: 0; }
        caption span { display: inline-block; max-width: min(46rem, calc(100vw - 2.5rem));
          position: sticky; left: 0; }
        .text { display: block; min-width: 16rem; overflow-wrap: anywhere; white-space: pre-wrap; }
        .word { color: var(--text); border-radius: 3px; print-color-adjust: exact; }
        .for1 { background: color-mix(in srgb, var(--accent) 12%, transparent); }
        .for2 { background: color-mix(in srgb, var(--accent) 22%, transparent); }
        .for3 { background: color-mix(in srgb, var(--accent) 32%, transparent); }
        .for4 { background: color-mix(in srgb, var(--accent) 42%, transparent); }
        .against1 { background: color-mix(in srgb, var(--second) 12%, transparent); }
        .against2 { background: color-mix(in srgb, var(--second) 22%, transparent); }
        .against3 { background: color-mix(in srgb, var(--second) 32%, transparent); }
        .against4 { background: color-mix(in srgb, var(--second) 42%, transparent); }
        .against1, .against2, .against3, .against4 { text-decoration: underline dotted;
          text-underline-offset: .2em; }
        .pair { border-top: 1px dashed var(--rule); margin-top: .3rem; padding-top: .3rem; }
        .matrix { width: auto; }
        .matrix td { position: relative; min-width: 5.5rem; }
        .matrix td small { display: block; }
        .matrix td.none { color: var(--soft); }
        .matrix td[style] { background: linear-gradient(var(--accent) 0 0) left bottom /
          calc(var(--share) * 100%) .3rem no-repeat; padding-bottom: .7rem; print-color-adjust: exact; }
        .matrix td.right { outline: 2px solid var(--soft); outline-offset: -2px; }
        .meter { display: block; background: var(--accent); height: .7rem; margin-top: .4rem; border-radius: 2px;
          width: calc(var(--share) * 10rem); min-width: 1px; print-color-adjust: exact; }
        figure { margin: 1.5rem 0; }
        figcaption { font-size: .9rem; max-width: 46rem; }
        svg { display: block; height: auto; max-width: 100%; min-width: 26rem;
          font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
        svg text { fill: var(--text); }
        .tick, .label { font-size: 12px; }
        .label { paint-order: stroke; stroke: var(--ground); stroke-width: 3px; }
        svg .tick { fill: var(--soft); }
        .name { font-size: 13px; }
        .box-title { font-size: 15px; font-weight: 600; }
        .box-text { font-size: 13px; }
        .grid { stroke: var(--grid); }
        .axis { fill: none; stroke: var(--soft); }
        .zero { stroke: var(--text); stroke-width: 1.5; }
        .mark { fill: var(--accent); stroke: var(--accent); stroke-width: 1.5; }
        .mark.member { fill: var(--second); stroke: var(--ground); stroke-width: 1; }
        .mark.open { fill: var(--ground); stroke: var(--text); }
        .front { fill: none; stroke: var(--second); stroke-width: 1.5; stroke-dasharray: 6 3; }
        .line { fill: none; stroke-width: 2; }
        .ring { fill: none; stroke: var(--text); stroke-width: 1.5; }
        .reference { stroke: var(--text); stroke-dasharray: 5 4; fill: none; }
        .bar { fill: var(--accent-soft); stroke: var(--accent); }
        .interval { stroke: var(--text); stroke-width: 2; fill: none; }
        .frozen { fill: var(--fill); stroke: var(--soft); stroke-dasharray: 5 3; }
        .operation { fill: var(--accent-soft); stroke: var(--accent); }
        .norm { fill: var(--ground); stroke: var(--accent); }
        .residual { fill: none; stroke: var(--second); stroke-width: 1.5; }
        .series0 { stroke: var(--s0); } .mark.series0 { fill: var(--s0); }
        .series1 { stroke: var(--s1); } .mark.series1 { fill: var(--s1); }
        .series2 { stroke: var(--s2); } .mark.series2 { fill: var(--s2); }
        .series3 { stroke: var(--s3); } .mark.series3 { fill: var(--s3); }
        .series4 { stroke: var(--s4); } .mark.series4 { fill: var(--s4); }
        .series5 { stroke: var(--s5); } .mark.series5 { fill: var(--s5); }
        @media (max-width: 40rem) {
          body { padding: 1rem .8rem 2rem; }
          h1 { font-size: 1.6rem; }
          th, td { padding: .35rem .4rem; }
        }
        @media print {
          :root { --ground: #fff; --text: #000; --soft: #333; --rule: #999; --fill: #f3f3f3;
            --accent: #0b5cad; --accent-soft: #dde9f6; --grid: #ddd; }
          body { max-width: none; padding: 0; font-size: 10pt; }
          nav, .scripted { display: none; }
          .scroll, .scroll:has(> #heads), .scroll:has(> #trained-heads) { overflow: visible; max-height: none; border: 0; padding: 0; }
          #heads, #trained-heads, #members, #control-rows { font-size: 7pt; }
          #heads .genotype, #trained-heads .genotype, #members .genotype, #control-rows .genotype,
          .genotype, .text { min-width: 0; }
          #heads thead th, #trained-heads thead th { position: static; }
          figure, tr { break-inside: avoid; }
          pre { white-space: pre-wrap; }
          h2, h3, caption { break-after: avoid; }
          th button { text-decoration: none; }
        }
        """
}
