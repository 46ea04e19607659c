// What the page says when a part of it asks and is not answered. Figures stay, with their time.

(() => {
  const LONGEST_MS = 15_000;
  let failures = 0, nextAt = 0, asOf = new Date();

  const polls = (event) => event.detail.elt.matches("[data-polls]");
  const said = { part: "", form: "" };
  function say(of, text) {
    said[of] = text;
    const bar = document.getElementById("connection"), all = said.form || said.part;
    if (bar.textContent !== all) bar.textContent = all;
  }
  const clock = () => `${asOf.toISOString().slice(11, 16)} UTC`;

  function why(status) {
    if (status >= 500) return "The server has a fault";
    if (status === 429) return "These were too many questions at once";
    return "No connection";
  }

  // Who may not see it any more, or is asked to sign in, gets the page that says so: once.
  function isOver(status) {
    if (![401, 403, 404].includes(status)) return false;
    const [entry] = performance.getEntriesByType("navigation");
    if (entry?.type === "reload") {
      say("part", "What this page shows is not yours to see any more, or has moved.");
    } else {
      location.reload();
    }
    return true;
  }

  function failed(event, status) {
    if (!polls(event)) {
      say("form", `${why(status)}: that was not answered. What you typed is still here: please try again.`);
      return;
    }
    failures += 1;
    if (isOver(status)) {
      nextAt = Infinity;
      return;
    }
    nextAt = Date.now() + Math.min(1000 * 2 ** Math.min(failures, 8), LONGEST_MS);
    say("part", `${why(status)}: figures are as of ${clock()}. Trying again.`);
  }

  // What asks for itself again and again rests while nobody looks, and while it was refused just now.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const rests = document.hidden || Date.now() < nextAt;
    if (polls(event) && rests) return event.preventDefault();
    event.detail.target?.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    event.detail.target?.removeAttribute("aria-busy");
    if (!event.detail.successful) return;
    if (polls(event)) [failures, nextAt, asOf] = [0, 0, new Date()];
    say(polls(event) ? "part" : "form", "");
  });
  document.addEventListener("htmx:sendError", (event) => failed(event, 0));
  document.addEventListener("htmx:timeout", (event) => failed(event, 0));
  document.addEventListener("htmx:responseError", (event) => failed(event, event.detail.xhr.status));
  addEventListener("online", () => { if (nextAt !== Infinity) nextAt = 0; });
})();
