// Light, dark, or as the system has it; kept where the browser lets a file keep something.
"use strict";
(() => {
  const themes = ["", "light", "dark"], names = ["as the system", "light", "dark"];
  const button = document.createElement("button");
  let theme = 0;
  try { theme = Math.max(0, themes.indexOf(localStorage.getItem("theme") ?? "")); } catch { theme = 0; }
  const show = () => {
    document.documentElement.dataset.theme = themes[theme];
    button.textContent = `Colours: ${names[theme]}`;
  };
  button.addEventListener("click", () => {
    theme = (theme + 1) % themes.length;
    try { localStorage.setItem("theme", themes[theme]); } catch { /* a file may keep nothing */ }
    show();
  });
  button.id = "theme";
  button.type = "button";
  document.querySelector("header .facts").append(button);
  show();
})();
