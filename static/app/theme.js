/* Runs before the page is painted, so that the chosen theme does not flash. */
(() => {
  const theme = localStorage.getItem('stoory.theme');
  if (theme) document.documentElement.dataset.theme = theme;
})();
