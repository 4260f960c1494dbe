/* What htmx fetches again under the hands of whoever works on it: nothing is missed, focus is not lost, quick presses are done in turn,
   and none is meant for a row that has just slid under the pointer. */
(() => {
  "use strict";

  // What changed while the page's live part was being fetched may have come too late for it: then it is fetched once more.
  // (htmx would queue that on the element which the first answer replaces.)
  let fetching = false, missed = false;
  const changed = () => document.body.dispatchEvent(new Event("page:changed"));
  document.addEventListener("page:changed", () => { missed ||= fetching; }, true);
  document.addEventListener("htmx:beforeRequest", (e) => { fetching ||= e.target.matches("[data-live]"); });
  // Nor is it replaced under a form in it that waits for its own answer: htmx would look for the toasts in what was thrown away,
  // and what was done, or that it failed, would never be told. It is fetched again after that answer.
  const sent = new Set();
  let waits = false;
  document.addEventListener("htmx:beforeSend", ({ target, detail: { xhr } }) => {
    if (!target.closest("[data-live]") || target.matches("[data-live]")) return;
    sent.add(xhr);
    xhr.addEventListener("loadend", () => {
      sent.delete(xhr);
      if (waits && !sent.size) { waits = false; changed(); }
    });
  });
  document.addEventListener("htmx:beforeSwap", (e) => {
    if (!sent.size || !e.detail.elt.matches("[data-live]")) return;
    e.detail.shouldSwap = fetching = missed = false;
    waits = true;
  });
  document.addEventListener("htmx:afterRequest", (e) => {
    if (e.detail.successful) return;
    if (e.target.matches("[data-live]")) fetching = missed = false;
    if (e.target.matches(`[data-live], ${IN_TURN}`)) stopMoving();
  });
  // Whoever was at a control that the refreshed part no longer has goes to the page's title, not to nowhere.
  let held = false;
  document.addEventListener("htmx:beforeSwap", (e) => {
    if (!e.detail.shouldSwap || !e.detail.target.matches("[data-live]")) return;
    held = e.detail.target.contains(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", (e) => {
    if (!e.target.matches("[data-live]")) return;
    if (held && (document.activeElement ?? document.body) === document.body) document.getElementById("page-title")?.focus({ preventScroll: true });
    held = false;
    const again = missed;
    fetching = missed = false;
    if (again) changed();
    else nextPress();
  });

  // An answered question leaves, and the next one slides under the pointer: a second, slow click is not meant for it.
  // Nor is that of a double click on Undo meant for the Undo of the undoing.
  // (When it was made counts, not when a busy page gets to it.)
  const SETTLE_MS = 800;
  let moved = -SETTLE_MS;
  const SLIDES = "#inbox, #history, #failures";
  document.addEventListener("htmx:beforeRequest", (e) => { if (e.target.closest?.(SLIDES)) moved = performance.now(); });
  document.addEventListener("htmx:afterSwap", (e) => { if (e.detail.target.matches("[data-live]")) moved = performance.now(); });
  document.addEventListener("click", (e) => {
    if (e.detail && e.timeStamp - moved < SETTLE_MS && e.target.closest(SLIDES) && !e.target.closest("label.check")) {
      e.preventDefault();
      e.stopImmediatePropagation();
    }
  }, true);

  // Arrows that order a list: quick presses are done one after the other, each in the list that the one before has left; none is lost.
  const IN_TURN = "form[data-in-turn]";
  const presses = [];
  let moving = false, pressed = null;
  document.addEventListener("submit", (e) => {
    if (!window.htmx || !e.target.matches(IN_TURN)) return;
    if (!moving) { moving = ready.has(e.target); return; } // one that is not ready is pressed again in a moment
    e.preventDefault();
    e.stopImmediatePropagation();
    presses.push(e.submitter.id);
  }, true);
  function stopMoving() { moving = false; presses.length = 0; }
  function nextPress() {
    moving = false;
    const button = presses.length && document.getElementById(presses.shift());
    button ? button.click() : stopMoving();
  }
  // The row slides away under the mouse: a click in the same place at once still means that row, not the one that has come.
  document.addEventListener("click", (e) => {
    if (!e.detail || !e.target.closest("[data-live]")) return;
    const same = pressed && e.timeStamp - moved < SETTLE_MS && Math.hypot(e.clientX - pressed.x, e.clientY - pressed.y) < 5;
    const button = same && document.getElementById(pressed.id);
    if (button && !button.contains(e.target)) {
      e.preventDefault();
      e.stopImmediatePropagation();
      button.focus({ preventScroll: true });
      button.click();
    } else pressed = e.target.closest(`${IN_TURN} button`) && { id: e.target.closest("button").id, x: e.clientX, y: e.clientY };
  }, true);

  // What has just been swapped in is not htmx's yet for a moment: a form or link used then would load a whole page.
  const ready = new WeakSet();
  document.addEventListener("htmx:afterProcessNode", (e) => ready.add(e.target));
  function whenReady(e, el, again) {
    if (!window.htmx || !el || ready.has(el)) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    setTimeout(() => el.isConnected && again(), 30);
  }
  document.addEventListener("submit", (e) => {
    const { target: form, submitter } = e;
    whenReady(e, form.hasAttribute("hx-post") && form, () => form.requestSubmit(submitter));
  }, true);
  document.addEventListener("click", (e) => {
    const link = !(e.metaKey || e.ctrlKey || e.shiftKey || e.button) && e.target.closest("a[hx-get]");
    whenReady(e, link, () => link.click());
  }, true);
})();
