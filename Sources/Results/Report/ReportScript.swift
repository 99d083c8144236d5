/// What the page does beyond static text: tables are sorted by pressing a column's name, and closed
/// details open for printing. Everything can be read without it.
enum ReportScript {
    static let source = """
        "use strict";
        for (const table of document.querySelectorAll("table[data-sortable]")) {
          const heads = [...table.tHead.rows[0].cells];
          const body = table.tBodies[0];
          heads.forEach((head, column) => {
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = head.textContent;
            head.replaceChildren(button);
            button.addEventListener("click", () => sort(table, heads, body, column));
          });
        }

        // Numbers by size, other cells by their letters; empty cells last in either order, equal
        // rows in the order they had.
        function sort(table, heads, body, column) {
          const head = heads[column];
          const isNumber = head.classList.contains("n");
          const down = head.getAttribute("aria-sort") === "ascending";
          const key = (row) => {
            const cell = row.cells[column];
            return cell.dataset.value ?? cell.textContent.trim();
          };
          const compare = (a, b) =>
            isNumber ? Number(a) - Number(b) : a.localeCompare(b, undefined, { numeric: true });
          const rows = [...body.rows].map((row) => ({ row, key: key(row) }));
          rows.sort((a, b) => {
            if (a.key === "" || b.key === "") return (a.key === "") - (b.key === "");
            return down ? compare(b.key, a.key) : compare(a.key, b.key);
          });
          body.append(...rows.map((each) => each.row));
          heads.forEach((each) => each.removeAttribute("aria-sort"));
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
        }

        for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
        addEventListener("beforeprint", () => {
          for (const part of document.querySelectorAll("details")) part.open = true;
        });
        """
}
