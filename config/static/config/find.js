// "/" leads to the box for finding, wherever nothing is being written.
document.addEventListener("keydown", (event) => {
  const written = event.target.closest("input, textarea, select, [contenteditable]");
  const box = document.querySelector(".find input[name=q]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || written || !box) return;
  event.preventDefault();
  box.focus();
  box.select();
});
