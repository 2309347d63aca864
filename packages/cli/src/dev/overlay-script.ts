/**
 * The overlay as the browser runs it. Whatever it shows is a text node: nothing of the app's is ever read as HTML. Its
 * style is a sheet of its own in a shadow tree, so that neither the page's style nor its policy reaches it.
 * @module
 */

const STYLE = `
  dialog { position: fixed; inset: 0; margin: auto; width: min(60rem, calc(100vw - 2rem)); max-height: 90vh;
    box-sizing: border-box; overflow: auto; padding: 1.25rem 1.5rem; border: 0; border-top: 4px solid #d6336c;
    border-radius: 8px; background: #1b1b20; color: #eee; font: 15px/1.5 system-ui, sans-serif;
    box-shadow: 0 1rem 4rem #0009; z-index: 2147483647; }
  h1 { font-size: 1.1rem; margin: 0 2rem .75rem 0; color: #ff8fab; }
  article + article { margin-top: 1.25rem; border-top: 1px solid #444; padding-top: 1rem; }
  p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  .place { color: #74c0fc; font-family: ui-monospace, monospace; font-size: 13px; }
  pre { margin: .75rem 0 0; padding: .75rem; overflow: auto; background: #101014; border-radius: 6px;
    font: 13px/1.5 ui-monospace, monospace; }
  button { position: absolute; top: .75rem; right: .75rem; font: inherit; color: inherit; background: none; border: 0;
    cursor: pointer; padding: .25rem .5rem; }
`;

export const overlayScript: string = `(() => {
  if (window.__godwit) return;
  window.__godwit = true;
  const isPage = document.currentScript?.dataset.page !== undefined;
  let host, dialog;
  const add = (parent, name, text, className) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    if (className) element.className = className;
    parent.append(element);
    return element;
  };
  const hide = () => {
    host?.remove();
    host = undefined;
  };
  const show = (failures) => {
    hide();
    host = document.createElement("godwit-overlay");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(${JSON.stringify(STYLE)});
    root.adoptedStyleSheets = [sheet];
    dialog = add(root, "dialog");
    dialog.setAttribute("aria-labelledby", "title");
    add(dialog, "h1", failures.length === 1 ? "One thing is broken" : failures.length + " things are broken").id = "title";
    for (const failure of failures) {
      const article = add(dialog, "article");
      const place = [failure.file, failure.line, failure.column].filter((part) => part !== undefined).join(":");
      if (place) add(article, "p", place, "place");
      add(article, "p", failure.message);
      if (failure.frame) add(article, "pre", failure.frame);
      else if (failure.stack) add(article, "pre", failure.stack);
    }
    if (!isPage) {
      const button = add(dialog, "button", "\\u00d7");
      button.setAttribute("aria-label", "Close");
      button.onclick = hide;
    }
    document.documentElement.append(host);
    dialog.show();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !isPage) hide();
  });
  new EventSource("/__godwit/events").onmessage = ({ data }) => {
    const failures = JSON.parse(data);
    if (failures.length > 0) show(failures);
    else if (isPage) setTimeout(() => location.reload(), host ? 0 : 500);
    else hide();
  };
})();
`;
