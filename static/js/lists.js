/* Ticking rows of a list: how many are ticked, the box for all of a page, and Shift. What was ticked stays ticked when the list is
   fetched again. The boxes stand in the rows and belong to a form, which has the verbs; which bar is shown is CSS.
   No sentences: the form carries its own (data-said). */
(() => {
  "use strict";

  const TICK = "[name=pick], [name=chosen]"; // data-all: the box for all of a page; data-everything: all that match, on other pages too
  const those = (form, selector) => [...form.elements].filter((el) => el.matches(selector));
  const forms = () => new Set([...document.querySelectorAll(TICK)].map((box) => box.form).filter(Boolean));
  let said = "";

  // What the server counted (data-chosen), and what was ticked or unticked since.
  function tell(form) {
    const boxes = those(form, TICK), shown = form.querySelector("[data-chosen]");
    const ticked = boxes.filter((box) => box.checked).length;
    for (const all of those(form, "[data-all]")) [all.checked, all.indeterminate] = [ticked > 0 && ticked === boxes.length, ticked > 0 && ticked < boxes.length];
    if (!shown) return;
    const count = Number(shown.dataset.chosen) + boxes.reduce((sum, box) => sum + box.checked - box.defaultChecked, 0);
    const sentence = form.dataset.said, everything = those(form, "[data-everything]:checked").length > 0;
    const text = sentence && (count || everything ? sentence.replace("{n}", everything ? form.dataset.total : count) : "");
    shown.textContent = text ?? count;
    if (text && text !== said) document.dispatchEvent(new CustomEvent("announce", { detail: { value: text } }));
    said = text;
  }

  let last = null; // Shift and a click: every row from the one before
  document.addEventListener("click", (e) => {
    if (!e.target.matches(TICK) || !e.target.form) return;
    const boxes = those(e.target.form, TICK);
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(e.target)].sort((a, b) => a - b);
    if (e.shiftKey && from >= 0) boxes.slice(from, to + 1).forEach((box) => { box.checked = e.target.checked; });
    last = e.target;
  });
  document.addEventListener("change", (e) => {
    const { form } = e.target;
    if (!form || !e.target.matches(`${TICK}, [data-all], [data-everything]`)) return;
    if (e.target.matches("[data-all]")) those(form, TICK).forEach((box) => { box.checked = e.target.checked; });
    tell(form);
  });
  document.addEventListener("reset", (e) => {
    const form = e.target, all = those(form, "[data-all]")[0];
    if (!all) return;
    setTimeout(() => { tell(form); (last?.isConnected ? last : all).focus(); }); // Clear goes away with the bar
  });

  // By their ids. When a verb has been done to them (data-unticks) they are ticked no more.
  let kept = [], isDone = false;
  document.addEventListener("htmx:beforeSend", ({ target, detail: { xhr } }) => { // its dialog may be gone when the answer comes
    if (target.matches("[data-unticks]")) xhr.addEventListener("loadend", () => { isDone ||= xhr.status >= 200 && xhr.status < 300; });
  });
  document.addEventListener("htmx:beforeSwap", (e) => {
    const { target } = e.detail;
    if (!e.detail.shouldSwap || !target.matches("[data-live]")) return;
    kept = isDone ? [] : [...target.querySelectorAll(`:is(${TICK}, [data-everything]):checked`)].map((box) => box.id);
    isDone = false;
  });
  document.addEventListener("htmx:afterSettle", (e) => {
    if (!e.target.matches("[data-live]")) return;
    for (const box of kept.splice(0).map((id) => document.getElementById(id))) if (box) box.checked = true;
    said = forms().size ? said : "";
    forms().forEach(tell);
  });
  addEventListener("pageshow", () => forms().forEach(tell));

  // On a phone the filters are folded behind a button, which says how many are set.
  document.addEventListener("click", (e) => {
    const fold = e.target.closest("[data-unfolds]");
    fold?.setAttribute("aria-expanded", String(fold.getAttribute("aria-expanded") !== "true"));
  });
  document.addEventListener("change", (e) => {
    const count = e.target.closest("form")?.querySelector("[data-filters]");
    if (count) [count.textContent, count.hidden] = (({ length }) => [length, !length])(count.closest("form").querySelectorAll(".filter-box :checked"));
  });

  document.addEventListener("click", (e) => {
    const close = e.target.closest("[data-away]");
    if (!close) return;
    e.preventDefault();
    document.querySelector(close.dataset.away)?.replaceChildren();
    document.getElementById("page-title")?.focus({ preventScroll: true });
  });
})();
