// What pages do beside their forms. Everything works by attributes, so that no page needs a script.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-opens], [data-closes], [data-copies], [data-dismisses]");
  if (!button) return;
  const { opens, closes, copies, dismisses } = button.dataset;
  if (opens !== undefined) document.getElementById(opens).showModal();
  if (closes !== undefined) button.closest("dialog").close();
  if (dismisses !== undefined) button.closest(".toast").remove();
  if (copies !== undefined) {
    await copy(document.getElementById(copies));
    const label = button.querySelector("[data-says]");
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  }
});

// A page that is not served over HTTPS has no clipboard of its own.
async function copy(element) {
  if (navigator.clipboard) return navigator.clipboard.writeText(element.textContent);
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  document.execCommand("copy");
}

// An open menu closes when something else is chosen.
document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// That all went well need not be said for ever; what went wrong stays until it is dismissed.
for (const toast of document.querySelectorAll(".toast.success, .toast.info")) {
  const go = () => { if (toast.matches(":hover, :focus-within")) setTimeout(go, 3000); else toast.remove(); };
  setTimeout(go, 8000);
}

// Where tabs are wider than the screen, the one that is open is seen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A form that was sent is not sent twice by a second click.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset.sent !== undefined) return event.preventDefault();
  form.dataset.sent = "";
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});
// Coming back to a page finds it as it was left.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Of days up to today, today is seen on a narrow screen.
for (const chart of document.querySelectorAll("[data-shows-end]")) chart.scrollLeft = chart.scrollWidth;

// A form that came back with errors begins at the first of them.
document.querySelector("main [aria-invalid=true]")?.focus();
