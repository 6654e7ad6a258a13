"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  heads.forEach((head, column) => {
    if (body.rows.length < 2 || !head.textContent) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      const keyed = [...body.rows].map((row) => {
        const cell = row.cells[column];
        return { row, key: cell.dataset.key ?? cell.textContent };
      });
      const numeric = keyed.every(({ key }) => !Number.isNaN(Number(key)));
      keyed.sort((a, b) => {
        if (a.key === "" || b.key === "") return (a.key === "") - (b.key === ""); // the unknown last, both ways
        return sign * (numeric ? a.key - b.key : a.key.localeCompare(b.key, undefined, { numeric: true }));
      });
      body.append(...keyed.map(({ row }) => row));
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    });
  });
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => (each.open = true)));
