"""What the measurements of time_to_accuracy.py say: a table and sentences for a page, and curves in a picture."""

import math
import statistics

PROGRAM = "knas"
TITLES = {"knas": "this program", "logistic": "embeddings + logistic regression", "setfit": "SetFit",
          "fine-tuning": "PyTorch fine-tuning", "autointent": "AutoIntent", "autogluon": "AutoGluon"}
# An answer that comes so much later than a limit still counts for it.
TOLERANCE = 1.05


def wilson(share, count, z=1.96):
    """The 95 % interval of a share of `count` rows (Wilson, 1927)."""
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - half, middle + half


def key(measurement):
    """What makes two measurements the same; of these the last counts."""
    return tuple(measurement[name] for name in
                 ("task", "encoder", "contestant", "limit", "seed", "threads", "machine"))


def latest(measurements):
    return list({key(m): m for m in measurements if "failed" not in m}.values())


def answer_at(budget, measurements):
    """Test accuracy of the last answer within a budget, of one contestant with one seed.

    None where there was no answer, and "unknown" where nothing was measured for so long. Who is told a limit is
    asked with that limit alone.
    """
    measured = [m for m in measurements
                if (m["limit"] == budget if m["told"] else m["limit"] >= budget or not m["cut"])]
    if not measured:
        return "unknown"
    answers = [a for m in measured for a in m["answers"] if a["seconds"] <= budget * TOLERANCE]
    return max(answers, key=lambda a: a["seconds"])["test"] if answers else None


def grouped(measurements):
    """By task and encoder, then by contestant and seed."""
    groups = {}
    for m in measurements:
        of_task = groups.setdefault((m["task"], m["encoder"]), {})
        of_task.setdefault((m["contestant"], m["seed"]), []).append(m)
    return groups


def cells(measurements, budgets):
    """Accuracies: {(task, encoder): (test rows, {budget: {contestant: [of each seed that has an answer]}})}."""
    table = {}
    for at, groups in grouped(measurements).items():
        row = {budget: {} for budget in budgets}
        for budget in budgets:
            for (contestant, _), group in sorted(groups.items()):
                found = answer_at(budget, group)
                if found != "unknown":
                    row[budget].setdefault(contestant, []).extend([] if found is None else [found])
        table[at] = next(iter(groups.values()))[0]["rows"]["test"], row
    return table


def duration(seconds):
    return f"{seconds / 60:g} min" if seconds % 60 == 0 else f"{seconds:g} s"


def title(at, table):
    """A task; with its encoder where there are several."""
    task, encoder = at
    return task if len({encoder for _, encoder in table}) == 1 else f"{task} ({encoder})"


def means(accuracies):
    return {name: statistics.mean(values) for name, values in accuracies.items() if values}


def behind(table):
    """Sentences: where somebody else's mean is higher, the largest difference first."""
    found = []
    for at, (rows, by_budget) in table.items():
        for budget, accuracies in by_budget.items():
            others = means(accuracies)
            ours = others.pop(PROGRAM, None)
            for name, theirs in others.items():
                if ours is not None and theirs > ours:
                    low, high = wilson(ours, rows)
                    found.append((theirs - ours, f"- {title(at, table)}, {duration(budget)}: "
                                  f"{TITLES[name]} {theirs:.3f}, this program {ours:.3f} ({low:.3f} to {high:.3f})"))
    return [sentence for _, sentence in sorted(found, reverse=True)]


def page(measurements, budgets):
    """The section of docs/performance.md between its marks."""
    table = cells(measurements, budgets)
    places = [(at, rows, budget, accuracies) for at, (rows, by_budget) in table.items()
              for budget, accuracies in by_budget.items() if accuracies]
    names = [name for name in TITLES if any(name in accuracies for *_, accuracies in places)]
    # Nobody is beaten who was not measured for so long.
    everybody = {at: {name for other, *_, accuracies in places if other == at for name in accuracies}
                 for at in table}
    compared = [means(accuracies) for at, *_, accuracies in places if set(accuracies) == everybody[at]]
    compared = [shares for shares in compared if PROGRAM in shares and len(shares) > 1]
    ahead = sum(shares[PROGRAM] == max(shares.values()) for shares in compared)
    seeds = sorted({m["seed"] for m in measurements})
    lines = []
    if sentences := behind(table):
        lines += ["**Behind somebody:**", "", *sentences, ""]
    lines += [f"This program is ahead of everybody, or level, in {ahead} of {len(compared)} comparisons (a task and "
              "a budget).", "",
              "| task | within | " + " | ".join(TITLES[name] for name in names) + " |",
              "|---|---|" + "---|" * len(names)]
    for at, rows, budget, accuracies in places:
        best = max(means(accuracies).values(), default=None)
        shown = [cell(accuracies.get(name), rows, best, len(seeds)) for name in names]
        lines.append(f"| {title(at, table)} | {duration(budget)} | " + " | ".join(shown) + " |")
    encoders = ", ".join(dict.fromkeys(m["encoder"] for m in measurements))
    machines = "; ".join(sorted({f"{m['machine']}, {m['threads']} threads" for m in measurements}))
    sizes = ", ".join(dict.fromkeys(f"{m['task']} {m['rows']['test']}" for m in measurements))
    lines += ["", f"Test accuracy on {encoders}, the mean over seeds ({', '.join(map(str, seeds))}; `x n`: over n "
              f"of them), with the 95 % Wilson interval of the test rows ({sizes}). {machines}."]
    return "\n".join(lines) + "\n"


def cell(values, rows, best, seeds):
    if values is None:
        return ""
    if not values:
        return "no answer"
    mean = statistics.mean(values)
    low, high = wilson(mean, rows)
    shown = f"**{mean:.3f}**" if mean == best else f"{mean:.3f}"
    return f"{shown} ({low:.3f} to {high:.3f})" + (f" x {len(values)}" if len(values) < seeds else "")


def curve(group):
    """Seconds and accuracies of a contestant's answers with one seed; who is cut keeps the last until its limit."""
    points = sorted((a["seconds"], a["test"]) for m in group for a in m["answers"])
    end = max(m["limit"] for m in group)
    return points if group[0]["told"] or not points else points + [(max(end, points[-1][0]), points[-1][1])]


def picture(measurements, path):
    """Accuracy against seconds, a panel for each task; SVG, legible on white and on black."""
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    grey = "#7f868d"
    plt.rcParams.update({
        "svg.hashsalt": "time to accuracy", "font.size": 9, "text.color": grey, "axes.labelcolor": grey,
        "axes.edgecolor": grey, "xtick.color": grey, "ytick.color": grey})
    colors = dict(zip(TITLES, ["#d6336c", "#1f8fd6", "#2f9e44", "#e8890c", "#8a63d2", "#0ca5a5"]))
    tasks = grouped(measurements)
    columns = min(2, len(tasks))
    lines = -(-len(tasks) // columns)
    figure, axes = plt.subplots(lines, columns, squeeze=False, figsize=(4.6 * columns, 3 * lines + 0.5))
    for axis in axes.flat[len(tasks):]:
        axis.set_visible(False)
    shown = {}
    for (at, groups), axis in zip(tasks.items(), axes.flat):
        for (name, _), group in sorted(groups.items()):
            if points := curve(group):
                is_ours = name == PROGRAM
                shown[name], = axis.step(
                    *zip(*points), where="post", color=colors[name], alpha=0.85, marker="o",
                    linewidth=2.2 if is_ours else 1.4, markersize=5 if is_ours else 3, zorder=3 if is_ours else 2)
        axis.set_xscale("log")
        ticks = [t for t in (3, 10, 30, 60, 180, 600, 1800) if axis.get_xlim()[0] <= t <= axis.get_xlim()[1]]
        axis.set_xticks(ticks, [f"{t} s" if t < 60 else f"{t // 60} min" for t in ticks])
        axis.minorticks_off()
        axis.set_title(title(at, tasks), fontsize=10)
        axis.grid(color=grey, alpha=0.25)
        axis.patch.set_alpha(0)
    for axis in axes[:, 0]:
        axis.set_ylabel("test accuracy")
    figure.legend([shown[n] for n in TITLES if n in shown], [TITLES[n] for n in TITLES if n in shown],
                  loc="lower center", ncols=3, frameon=False)
    figure.tight_layout(rect=(0, 0.5 / (3 * lines + 0.5), 1, 1))
    figure.savefig(path, transparent=True, metadata={"Date": None})


if __name__ == "__main__":
    import json
    import sys
    with open(sys.argv[1]) as file:
        picture(latest(map(json.loads, file)), sys.argv[2])
