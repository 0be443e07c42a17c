{
  const key = "highnoon-theme";
  const asked = new URLSearchParams(location.search).get("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    let theme = asked;
    try {
      if (asked === "light" || asked === "dark") localStorage.setItem(key, asked);
      if (asked === "system") localStorage.removeItem(key);
      theme = localStorage.getItem(key);
    } catch {} // storage may be refused to a page in a frame
    const light = theme === "light" || (theme !== "dark" && !dark.matches);
    document.body.dataset.jpThemeLight = String(light);
    document.body.dataset.jpThemeName = light ? "JupyterLab Light" : "JupyterLab Dark";
  };
  show();
  dark.addEventListener("change", show);
  addEventListener("storage", show);
}
