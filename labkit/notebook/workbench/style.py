"""How the dashboard looks: one style sheet that follows the theme of JupyterLab, Notebook or VS Code.

Colours of meaning are Okabe and Ito's, each with a word and a shape beside it; the rest are the theme's own. Where little
room is left the comparison's last column goes, which says no more than the rest of a row: one that differs has no time.
"""

from __future__ import annotations

# JupyterLab takes the arrow keys for its cells, also from a list that has the focus, unless that has this attribute.
# A front end that runs no script in HTML has no such shortcuts to take them.
KEEP_ARROWS = (
    "this.closest('.lk-root').addEventListener('focusin',"
    "e=>e.target.matches('select')&&e.target.setAttribute('data-lm-suppress-shortcuts',''))"
)

SHEET = """
.lk-root{
 --lk-ink:var(--jp-ui-font-color1,var(--vscode-editor-foreground,#212121));
 --lk-soft:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#616161));
 --lk-line:var(--jp-border-color2,var(--vscode-panel-border,#d0d0d0));
 --lk-ground:var(--jp-layout-color1,var(--vscode-editor-background,#fff));
 --lk-raised:var(--jp-layout-color2,var(--vscode-editorWidget-background,#f4f4f4));
 --lk-mono:var(--jp-code-font-family,var(--vscode-editor-font-family,monospace));
 --lk-faster:#009e73;--lk-slower:#d55e00;--lk-same:#0072b2;--lk-unresolved:#808080;--lk-accent:#0072b2;
 color:var(--lk-ink);container-type:inline-size;width:100%;
 font-size:var(--jp-ui-font-size1,13px);line-height:1.45;
}
[data-jp-theme-light='false'] .lk-root,.vscode-dark .lk-root{
 --lk-faster:#2bbf94;--lk-slower:#f0803c;--lk-same:#56b4e9;--lk-unresolved:#a0a0a0;--lk-accent:#56b4e9;
}
.lk-root .widget-html-content,.lk-root .jupyter-widgets.widget-html>.widget-html-content{line-height:1.45;align-self:stretch}
.lk-root .widget-html{width:auto;height:auto;margin:0}
.lk-root .widget-html-content{min-width:0;width:100%}
.lk-root .lk-title{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 12px;padding:2px 2px 8px}
.lk-root .lk-title b{font-size:1.25em}
.lk-root .lk-title span{color:var(--lk-soft)}
.lk-root .lk-body{display:grid;grid-template-columns:minmax(0,1fr);gap:12px 20px;align-items:start;overflow:visible}
@container (min-width:880px){.lk-root .lk-body{grid-template-columns:264px minmax(0,1fr)}}
.lk-root .lk-body>*{width:auto;margin:0;overflow:visible}
.lk-root small,.lk-root .lk-soft{color:var(--lk-soft)}
.lk-root .lk-scroll{overflow-x:auto}
.lk-root table{border-collapse:collapse;border:none;font-size:1em;color:inherit;margin:0}
.lk-root th,.lk-root td{padding:2px 8px;text-align:right;vertical-align:middle;white-space:nowrap;border:none;
 background:none;font-variant-numeric:tabular-nums}
.lk-root thead th{font-weight:500;color:var(--lk-soft);border-bottom:1px solid var(--lk-line);vertical-align:bottom}
.lk-root tbody tr{background:none}
.lk-root tbody tr+tr{border-top:1px solid color-mix(in srgb,var(--lk-line) 45%,transparent)}
.lk-root .lk-left,.lk-root td[colspan]{text-align:left}
.lk-root tbody th{font-weight:600}
.lk-root .lk-n{white-space:nowrap}
.lk-root .lk-compare,.lk-root .lk-history{width:100%}
.lk-root .lk-compare td:nth-child(2){color:var(--lk-soft);font-size:.85em}
.lk-root .lk-drawn{width:38%;min-width:130px}
.lk-root .lk-drawn>div{display:flex;align-items:center;gap:4px 22px}
.lk-root .lk-drawn div>span{flex:0 0 13.5em;white-space:nowrap}
.lk-root .lk-drawn svg{display:block;overflow:visible}
.lk-root .lk-drawn div>svg{flex:1 1 auto;width:0;margin-right:14px}
.lk-root .lk-drawn text{font-size:11px;fill:var(--lk-soft)}
.lk-root svg .lk-one{stroke:var(--lk-soft);stroke-width:1;stroke-dasharray:2 2}
.lk-root svg .lk-interval line{stroke:var(--lk-ink);stroke-width:1.5}
.lk-root svg rect{opacity:.35}
.lk-root svg path{stroke:var(--lk-ground);stroke-width:1}
.lk-root svg.lk-faster{fill:var(--lk-faster)}.lk-root svg.lk-slower{fill:var(--lk-slower)}
.lk-root svg.lk-same{fill:var(--lk-same)}.lk-root svg.lk-unresolved{fill:var(--lk-unresolved)}
.lk-root svg.lk-baseline{fill:var(--lk-ink)}
.lk-root td.lk-faster,.lk-root td.lk-slower,.lk-root td.lk-same{font-weight:600}
.lk-root td.lk-faster::first-letter{color:var(--lk-faster)}
.lk-root td.lk-slower::first-letter{color:var(--lk-slower)}
.lk-root td.lk-same::first-letter{color:var(--lk-same)}
@container (max-width:1100px){
 .lk-root .lk-compare tr>:nth-child(2){display:none}
 .lk-root .lk-compare .lk-drawn{width:27%}
 .lk-root .lk-compare .lk-drawn>div{flex-direction:column;align-items:stretch;gap:0}
 .lk-root .lk-drawn div>span{flex:none;text-align:left}
 .lk-root .lk-compare div>svg{flex:none;min-width:calc(100% - 18px);margin:0 14px 0 4px;height:14px}
}
@container (max-width:760px){
 .lk-root .lk-compare{font-size:.94em}
 .lk-root .lk-compare th,.lk-root .lk-compare td{padding:3px 4px}
 .lk-root .lk-compare th{white-space:normal}
 .lk-root .lk-compare tr>:last-child{display:none}
 .lk-root .lk-compare .lk-drawn{width:20%;min-width:100px}
 .lk-root .lk-drawn text:nth-child(even){display:none}
 .lk-root .jupyter-widgets.widget-tab>.widget-tab-contents{padding:8px}
 .lk-root .jupyter-widgets.widget-tab>.lm-TabBar .lm-TabBar-tab{flex:1 1 auto;padding:0 6px;min-width:max-content}
}
.lk-root .lk-provisional td{opacity:.72}
.lk-root .lk-untimed{color:var(--lk-soft)}
.lk-root td[colspan]{white-space:normal;overflow-wrap:anywhere;max-width:0}
.lk-root .lk-trouble{color:var(--lk-slower);font-weight:600}
.lk-root .lk-notes{margin:8px 0 0;padding-left:18px;color:var(--lk-soft)}
.lk-root .lk-scroll+.lk-notes li:first-child{color:var(--lk-ink)}
.lk-root h3{font-size:1em;font-weight:600;margin:0;color:inherit}
.lk-root .widget-tab h3{margin:2px 0 6px}
.lk-root .lk-differ h3,.lk-root .lk-report h3{margin-top:14px}
.lk-root .lk-report .lk-code{margin-top:0}
.lk-root p{margin:0}
.lk-root .widget-label{text-align:left;color:var(--lk-soft)}
.lk-root .lk-head{align-items:center;gap:6px;margin-top:6px!important}
.lk-root .lk-head>.widget-html{flex:1}
.lk-root .lk-small{height:22px;line-height:20px;padding:0 10px;background:none;
 border:1px solid var(--lk-line);color:var(--lk-ink)}
.lk-root .lk-variants .widget-checkbox{flex:none;height:22px;line-height:22px;width:auto}
.lk-root .lk-variants input{margin:0 8px 0 2px;flex:none}
.lk-root .lk-variants span{overflow:hidden;text-overflow:ellipsis}
.lk-root .lk-variants label{display:flex;align-items:center;white-space:nowrap;line-height:22px;height:22px}
.lk-root .lk-choice{display:grid;gap:8px 24px;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));align-items:start}
.lk-root .lk-choice>*{width:auto;margin:0;gap:6px}
.lk-root .lk-work{gap:6px;container-type:inline-size}
.lk-root .lk-variants{border:1px solid var(--lk-line);padding:4px 6px;max-height:21em;overflow:auto;margin:0}
.lk-root .lk-workload{color:var(--lk-soft);overflow:hidden}
.lk-root .lk-thumbnail{float:left;max-width:96px;
 max-height:96px;margin:2px 10px 4px 0;border:1px solid var(--lk-line);background:#fff}
.lk-root dl.lk-facts{display:grid;grid-template-columns:max-content 1fr;gap:0 10px;margin:2px 0 4px;clear:left;width:auto}
.lk-root .lk-facts>*{width:auto;min-width:0}
@container (max-width:879px){.lk-root .lk-variants{max-height:14em}.lk-root dl.lk-facts{clear:none}}
.lk-root .lk-facts dt{font-weight:400;color:var(--lk-soft)}
.lk-root .lk-facts dd{margin:0;color:var(--lk-ink);overflow-wrap:anywhere}
.lk-root .lk-run{align-items:center;gap:8px;min-height:34px}
.lk-root .lk-run>.widget-html{flex:1;min-width:200px}
.lk-root .lk-run>button{width:84px;margin:0}
.lk-root .lk-progress{display:flex;align-items:center;gap:12px}
.lk-root progress{accent-color:var(--lk-accent);width:160px;flex:none;height:10px}
.lk-root .lk-controls{flex-wrap:wrap;align-items:center;gap:6px 14px;padding:2px 0 8px}
.lk-root .lk-controls>*{margin:0;flex:none}
.lk-root .lk-controls button{width:auto;padding:0 14px}
.lk-root .lk-message{padding:4px 0;color:var(--lk-soft)}
.lk-root .lk-bad{color:var(--lk-ink);border-left:3px solid var(--lk-slower);padding-left:8px}
.lk-root .lk-code{display:flex;gap:8px;align-items:flex-start;margin-top:12px}
.lk-root .lk-code textarea{flex:1;min-width:0;resize:vertical;field-sizing:content;
 font:12px/1.5 var(--lk-mono);padding:6px 8px;border:1px solid var(--lk-line);
 background:var(--lk-raised);color:var(--lk-ink);white-space:pre-wrap}
.lk-root .lk-button{font:inherit;cursor:pointer;
 padding:4px 12px;border:1px solid var(--lk-line);background:none;color:var(--lk-ink)}
.lk-root .lk-source textarea{font:12px/1.5 var(--lk-mono)}
.lk-root details{margin-top:10px}
.lk-root summary{cursor:pointer}
.lk-root .lk-figure{max-width:100%;background:#fff;border-radius:3px;margin-top:6px}
.lk-root .lk-lines h4{margin:6px 0;font-size:1em}
.lk-root .lk-lines{overflow-x:auto}
.lk-root .lk-lines tbody tr+tr{border:none}
.lk-root .lk-lines td{color:inherit!important}
.lk-root .lk-lines th,.lk-root .lk-lines td{padding:1px 8px}
.lk-root .lk-plates{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}
.lk-root .lk-plate{margin:8px 0 0;max-width:100%}
.lk-root .lk-plate figcaption{color:var(--lk-soft);margin-top:4px;max-width:60ch}
.lk-root .lk-picture{max-width:min(100%,420px);max-height:420px;display:block;border:1px solid var(--lk-line)}
.lk-root .lk-wipe{position:relative;width:fit-content;max-width:100%;overflow:hidden;border:1px solid var(--lk-line);margin:0}
.lk-root .lk-over{position:absolute;top:0;left:0;height:100%;overflow:hidden;border-right:2px solid var(--lk-accent);margin:0}
.lk-root .lk-layer{width:100%;display:block;background:#fff}
.lk-root .lk-path{stroke:var(--lk-soft);stroke-width:1}
.lk-root .lk-level{stroke:var(--lk-accent);stroke-width:2.5;opacity:.6}
.lk-root .lk-step{stroke:var(--lk-accent);stroke-width:1.5;stroke-dasharray:3 2}
.lk-root :focus-visible{outline:2px solid var(--lk-accent);outline-offset:1px}
"""

ELEMENT = f'<style onload="{KEEP_ARROWS}">{SHEET}</style>'
