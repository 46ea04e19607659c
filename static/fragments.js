// A part of a page that asks for itself again keeps what was opened in it, how far it was scrolled,
// and the keyboard.

(() => {
  const places = "a[href], button, summary, .wide";
  const name = (element) => `${element.tagName} ${element.getAttribute("href")} ${element.textContent}`;
  let kept;
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    if (!target.matches("[data-polls]")) return;
    const focused = document.activeElement;
    kept = {
      id: target.id,
      opened: [...target.querySelectorAll("details[open] > summary")].map((one) => one.textContent),
      scrolled: [...target.querySelectorAll(".wide")].map((one) => one.scrollLeft),
      focused: target.contains(focused) && focused.matches(places) ? name(focused) : null,
    };
  });
  document.addEventListener("htmx:afterSwap", () => {
    const target = kept && document.getElementById(kept.id);
    if (!target) return;
    for (const one of target.querySelectorAll("details > summary")) {
      if (kept.opened.includes(one.textContent)) one.parentElement.open = true;
    }
    target.querySelectorAll(".wide").forEach((one, at) => { one.scrollLeft = kept.scrolled[at] || 0; });
    if (kept.focused) [...target.querySelectorAll(places)].find((one) => name(one) === kept.focused)?.focus({ preventScroll: true });
    kept = undefined;
  });
})();
