/* What a page tells: toasts, what a screen reader hears, and what is said when a request fails. No sentences live here:
   they are in <template> elements, already translated by the server. */
(() => {
  "use strict";

  const $ = (sel, root = document) => root.querySelector(sel);

  // A toast is what people see. What a screen reader hears goes through #live,
  // which is in the page from the start; errors are role="alert" themselves.
  const SHOW_MS = 8000, SHOW_MS_WITH_ACTION = 20000;
  const unsaid = []; // what one answer tells is said together: the last of it would silence the others
  function announce(text) {
    const live = $("#live");
    if (!live || !text) return;
    if (!unsaid.length) setTimeout(() => { live.textContent = unsaid.splice(0).join(" "); }, 120);
    else unsaid.push(unsaid.pop().replace(/[^.!?…]$/, "$&."));
    unsaid.push(text);
    live.textContent = "";
  }
  document.addEventListener("announce", (e) => announce(e.detail.value)); // HX-Trigger: {"announce": "…"}
  function startTimer(toast) {
    if (toast.dataset.timed !== undefined || toast.dataset.sticky !== undefined) return;
    toast.dataset.timed = "";
    announce($("p", toast)?.textContent);
    announce(toast.dataset.also);
    const ms = $("a, button:not([data-dismiss])", toast) ? SHOW_MS_WITH_ACTION : SHOW_MS;
    let timer;
    const stop = () => clearTimeout(timer);
    const start = () => { stop(); timer = setTimeout(() => toast.remove(), ms); };
    toast.addEventListener("pointerenter", stop);
    toast.addEventListener("pointerleave", start);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("focusout", start);
    toast.addEventListener("submit", stop); // the answer puts another one here; without one it stays, to be pressed again
    start();
  }
  const region = $("#toasts"); // always this one: a dialog that is thrown away does not take it along
  if (region) new MutationObserver(() => {
    if (region.isConnected) return;
    placeToasts();
    window.htmx.process(region); // htmx took it apart with the dialog
  }).observe(document.body, { childList: true, subtree: true });
  function placeToasts() {
    // While a modal is open everything outside it is inert, so toasts move in.
    const host = $("dialog[open]") || document.body;
    if (region && (region.parentElement !== host || !region.isConnected)) host.append(region);
  }
  document.addEventListener("toasts:place", placeToasts);
  function showToast(templateId, retry) {
    const toast = document.getElementById(templateId)?.content.firstElementChild.cloneNode(true);
    if (!toast) return;
    const again = $("[data-retry]", toast);
    if (again) retry ? again.addEventListener("click", () => { toast.remove(); retry(); }) : again.remove();
    placeToasts();
    region.querySelectorAll(".toast:not(:has([data-undo]))").forEach((old) => old.remove());
    region.append(toast);
  }
  // A form whose dialog has been closed meanwhile has its answer all the same: htmx looks for the places of an answer's parts from where the
  // form stood, and finds none there. They are where they always are.
  document.addEventListener("htmx:oobErrorNoTarget", ({ detail: { content } }) => {
    const isRegion = content.id === region?.id, target = isRegion ? region : document.getElementById(content.id);
    if (isRegion) placeToasts();
    const [html, swapStyle] = isRegion ? [content.innerHTML, "innerHTML"] : [content.outerHTML, "outerHTML"];
    if (target) window.htmx.swap(target, html, { swapStyle }, { eventInfo: { target, elt: target } });
  });
  document.addEventListener("toast:show", (e) => showToast(e.detail.template));
  // New toasts take the place of the old ones: whoever was at one of them goes to the page's title, or stays in the dialog.
  let wasAtToast = false;
  document.addEventListener("htmx:oobBeforeSwap", (e) => { if (e.detail.target === region) wasAtToast = region.contains(document.activeElement); });
  document.addEventListener("htmx:load", (e) => {
    e.target.querySelectorAll?.(".toast").forEach(startTimer);
    if (!e.target.matches?.(".toast")) return;
    startTimer(e.target);
    placeToasts();
    if (wasAtToast) ($("dialog[open] [autofocus]") || $("dialog[open] h2, #page-title"))?.focus({ preventScroll: true });
    wasAtToast = false;
  });
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-dismiss]")) e.target.closest(".toast")?.remove();
    if (e.target.closest("[data-reload]")) location.reload();
  });
  addEventListener("pageshow", (e) => { if (e.persisted) region?.replaceChildren(); }); // what is told on a page that the browser had kept is old

  /* --------------------------------------------------- A request that failed */
  const retryOf = (e) => {
    const { elt, requestConfig } = e.detail;
    const { type, submitter } = requestConfig?.triggeringEvent || {};
    if (submitter) return () => submitter.isConnected && submitter.click(); // the same button, so the same values
    return elt && type && (() => elt.isConnected && window.htmx.trigger(elt, type));
  };
  document.addEventListener("htmx:sendError", (e) => showToast("tpl-offline", retryOf(e)));
  document.addEventListener("htmx:timeout", (e) => showToast("tpl-offline", retryOf(e)));
  document.addEventListener("htmx:responseError", (e) => {
    const code = e.detail.xhr.status;
    const id = { 401: "tpl-401", 403: "tpl-403", 404: "tpl-404" }[code] || "tpl-500";
    showToast(id, code >= 500 ? retryOf(e) : null);
  });

  document.querySelectorAll(".toast").forEach(startTimer);
})();
