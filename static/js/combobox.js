/* Fields that offer what fits as one types: the search box, and the choosers of forms (ARIA combobox with a listbox).
   The server draws the options; focus stays in the field. input[data-combobox] names the box that they appear in. */
(() => {
  "use strict";

  const FIELD = "input[data-combobox]";
  const boxOf = (input) => document.getElementById(input.dataset.combobox);
  const fieldOf = (box) => box?.id && document.querySelector(`input[data-combobox="${box.id}"]`);
  const options = (input) => [...boxOf(input).querySelectorAll("[role=option]")];
  const current = (input) => boxOf(input).querySelector("[aria-selected=true]");
  const part = (input, name) => input.closest("[data-chooser]")?.querySelector(`[data-held-${name}]`);

  function point(input, option) {
    current(input)?.setAttribute("aria-selected", "false");
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }
  function close(input) {
    point(input, null);
    boxOf(input).hidden = true;
    input.setAttribute("aria-expanded", "false");
    delete input.dataset.asked; // an answer that is still on its way comes too late
  }
  function open(input) {
    const box = boxOf(input), list = box.querySelector("[role=listbox]");
    box.hidden = !box.textContent.trim();
    input.setAttribute("aria-expanded", String(Boolean(list)));
    if (!list) return;
    list.id = `${input.id}-list`;
    options(input).forEach((option, place) => { option.id = `${input.id}-option-${place}`; });
    input.setAttribute("aria-controls", list.id);
  }
  const isOpen = (input) => !boxOf(input).hidden;

  // What is chosen already is no question: then everything is offered.
  const question = (input) => (part(input, "label")?.value === input.value ? "" : input.value);
  document.addEventListener("htmx:configRequest", (e) => {
    if (!e.target.matches(FIELD)) return;
    e.target.dataset.asked = e.target.value;
    delete e.detail.parameters[e.target.name];
    e.detail.parameters.q = question(e.target);
  });
  document.addEventListener("htmx:beforeSwap", (e) => {
    const input = fieldOf(e.detail.target);
    if (input && (document.activeElement !== input || input.dataset.asked !== input.value)) e.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSwap", (e) => {
    const input = fieldOf(e.detail.target);
    if (input) open(input);
  });

  function pick(input, option, event) {
    if (option.href) return option.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey }));
    let value = part(input, "key");
    if (value.matches("select")) { // several matched what was typed: one of them, or another one
      const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: value.name });
      hidden.dataset.heldKey = "";
      value.replaceWith(hidden);
      value = hidden;
    }
    value.value = option.dataset.value;
    input.value = part(input, "label").value = option.dataset.label;
    close(input);
    value.dispatchEvent(new Event("input", { bubbles: true })); // the form has unsaved work
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function step(input, by) {
    if (!isOpen(input)) return window.htmx?.trigger(input, "combobox:open");
    const all = options(input), at = all.indexOf(current(input));
    const next = at < 0 && by < 0 ? all.length - 1 : at + by;
    point(input, all[next] || null); // beyond the last, and before the first, is the field itself
  }
  document.addEventListener("keydown", (e) => {
    const input = e.target.closest?.(FIELD);
    if (!input || e.isComposing) return;
    const option = isOpen(input) && current(input);
    if (e.key === "ArrowDown" || e.key === "ArrowUp") step(input, e.key === "ArrowDown" ? 1 : -1);
    else if (e.key === "Enter" && option) pick(input, option, e);
    else if (e.key === "Escape" && isOpen(input)) close(input);
    else return;
    e.preventDefault();
  });
  document.addEventListener("input", (e) => { if (e.target.matches(FIELD)) point(e.target, null); });
  document.addEventListener("focusout", (e) => { if (e.target.matches(FIELD)) close(e.target); });
  document.addEventListener("focusin", (e) => { if (e.target.matches(FIELD)) e.target.select(); }); // who types means another one

  // The mouse leaves focus in the field. A chooser opens by a click; the search box only has something to offer once one has typed.
  document.addEventListener("mousedown", (e) => { if (e.target.closest(".combo")) e.preventDefault(); });
  document.addEventListener("click", (e) => {
    const option = e.target.closest(".combo [role=option]:not([href])");
    if (option) return pick(fieldOf(option.closest(".combo")), option, e);
    const input = e.target.closest("[data-chooser] " + FIELD);
    if (input && !isOpen(input)) window.htmx?.trigger(input, "combobox:open");
  });
})();
