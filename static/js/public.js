// The public form. It works without this; here are the focus, the connection, and the frame's side of embed.js.
(() => {
  "use strict";
  const box = document.querySelector(".public");
  const form = document.querySelector("form");
  const offline = document.querySelector("[data-offline]");
  document.querySelector("[data-focus]")?.focus();

  form?.addEventListener("submit", (e) => {
    offline.hidden = navigator.onLine;
    if (!navigator.onLine) return e.preventDefault(); // the browser would show its own page instead of this one
    if (form.dataset.sent) return e.preventDefault(); // a second click
    form.dataset.sent = "1";
    form.querySelector("[type=submit]").setAttribute("aria-busy", "true");
  });
  // Back to this page, or the sending was stopped: the same form may be sent again.
  const open = () => {
    if (!form) return;
    delete form.dataset.sent;
    form.querySelector("[type=submit]").removeAttribute("aria-busy");
  };
  addEventListener("pageshow", open);
  form?.addEventListener("input", open);

  // In a frame: say how high we are, to one of the form's sites only, and only after it has spoken first.
  if (!box?.dataset.form || parent === window) return;
  const sites = box.dataset.sites.split(" ");
  let site = "";
  const say = (what) => site && parent.postMessage({ havn: box.dataset.form, ...what }, site);
  const size = () => say({ height: Math.ceil(box.getBoundingClientRect().height) });
  addEventListener("message", (e) => {
    if (e.source !== parent || !sites.includes(e.origin) || e.data?.havn !== box.dataset.form) return;
    site = e.origin;
    for (const [name, value] of Object.entries(e.data.visit || {})) {
      const input = form?.elements.namedItem(name);
      if (input?.type === "hidden" && name !== "form_key") input.value = String(value);
    }
    const done = document.querySelector("[data-sent]");
    say({ title: document.title, done: Boolean(done), focus: Boolean(document.querySelector("[data-focus]")), go: done?.dataset.go });
    size();
  });
  new ResizeObserver(size).observe(box);
})();
