// Runs before the first paint so that a chosen theme never flashes the other one.
// A file of its own because the page's policy allows no inline script.
try {
  const chosen = localStorage.getItem("postgate.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch (error) {
  // Storage may be closed to us; the system's theme is then the right answer.
  void error;
}
