/* The cards: values edited in place, notes and follow-ups. What somebody is typing stays when the page around it is refreshed,
   and in this window also when the page is loaded again (they had been logged out). Without this file all of it still works. */
(() => {
  "use strict";
  const $ = (sel, root = document) => root.querySelector(sel);
  const holderOf = (el) => el.closest("[data-place]"); // what the refreshed page has in the same place, under the same id
  const beingTyped = (root) => [...root.querySelectorAll("[data-keep], [data-typed]")].map((el) => holderOf(el) || el);

  /* ------------------------------------------- Refreshed, but not lost */
  const kept = [];
  document.addEventListener("htmx:beforeSwap", (e) => {
    if (!e.detail.shouldSwap || !e.detail.target.matches("[data-live]")) return;
    for (const el of beingTyped(e.detail.target)) {
      kept.push([el, el.contains(document.activeElement) && document.activeElement]);
      el.remove(); // out of the way of htmx, which would take it apart
    }
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const [el, focused] of kept.splice(0)) {
      document.getElementById(el.id)?.replaceWith(el);
      if (focused) focused.focus({ preventScroll: true });
    }
  });

  /* ------------------------------------------------- Editing in place */
  // Saved or left: focus goes back to what opened the form.
  let comeBack = "";
  document.addEventListener("htmx:afterSettle", () => {
    const opener = comeBack && $(`#${comeBack} [data-edit]`);
    if (!opener) return;
    comeBack = "";
    opener.focus({ preventScroll: true });
  });
  function leave(holder) {
    holder.removeAttribute("data-keep");
    $("[data-keep]", holder)?.removeAttribute("data-keep");
    comeBack = holder.id;
  }
  document.addEventListener("click", (e) => {
    const holder = e.target.closest("[data-live] [data-cancel]") && holderOf(e.target);
    if (!holder) return; // a page of its own: a link back
    e.preventDefault();
    leave(holder);
    document.body.dispatchEvent(new Event("page:changed"));
  });
  document.addEventListener("keydown", (e) => {
    const form = e.target.closest?.("[data-in-place], #note-form");
    if (!form || e.isComposing) return;
    if (e.key === "Escape" && !e.defaultPrevented) $("[data-cancel]", form)?.click();
    else if (e.key === "Enter" && (e.ctrlKey || e.metaKey || (e.target.matches("select") && form.matches("[data-in-place]")))) {
      e.preventDefault();
      form.requestSubmit();
    }
  });

  /* ----------------------------------------------------------- Drafts */
  const written = (box) => [...box.querySelectorAll("textarea, input:not([type=hidden], [type=radio])")];
  const nameOf = (box) => `draft:${box.dataset.draft}:${location.pathname}:${box.id}`; // of this person, in this window
  const store = (box) => {
    const values = written(box).map((field) => field.value);
    if (values.some(Boolean)) sessionStorage.setItem(nameOf(box), JSON.stringify(values));
    else sessionStorage.removeItem(nameOf(box));
  };
  document.addEventListener("input", (e) => {
    const box = e.target.closest("[data-draft]");
    if (!box) return;
    box.setAttribute("data-typed", "");
    store(box);
  });
  document.addEventListener("htmx:load", (e) => { // refused: what was typed is in the new form, and must go on staying
    if (e.target.matches?.("[data-draft]") && $("[aria-invalid=true]", e.target)) e.target.setAttribute("data-typed", "");
  });
  for (const box of document.querySelectorAll("[data-draft]")) {
    const values = JSON.parse(sessionStorage.getItem(nameOf(box)) || "[]");
    const empty = written(box).every((field) => !field.value);
    if (!values.length || !empty) continue;
    written(box).forEach((field, i) => { field.value = values[i] || ""; });
    box.setAttribute("data-typed", "");
    if (box.matches("details")) box.open = true;
  }

  /* ------------------------------------------- The stages, on a phone */
  function showStage() {
    const path = $(".path"), current = path && $("[aria-current]", path);
    if (current) path.scrollLeft += current.getBoundingClientRect().left - path.getBoundingClientRect().left;
  }
  document.addEventListener("htmx:afterSettle", showStage);
  showStage();

  /* ------------------------------------------------------------ Saved */
  document.addEventListener("htmx:beforeOnLoad", (e) => {
    const { elt, xhr, requestConfig } = e.detail;
    if (requestConfig.verb !== "post" || xhr.status >= 300) return;
    if (elt.matches("[data-in-place]") && holderOf(elt)) leave(holderOf(elt));
    const box = elt.closest("[data-draft]");
    if (!box) return;
    sessionStorage.removeItem(nameOf(box));
    box.removeAttribute("data-typed");
    elt.reset();
    elt.elements.request_id.value = crypto.randomUUID?.() ?? ""; // another one is another one, also if the page cannot be refreshed now
  });
})();
