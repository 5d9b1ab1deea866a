(function () {
  var choice = null;
  try {
    choice = localStorage.getItem('marquee-theme');
  } catch {
    // Storage may be forbidden; the system's preference is used then.
  }
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
