#!/usr/bin/env python3
"""The best answer in the time that a user has: this program beside what would be run instead.

    python3 Benchmarks/time_to_accuracy.py --data mrpc=~/MRPC --data rte=~/RTE --data sst2=~/SST-2 --resume
    python3 Benchmarks/time_to_accuracy.py --tasks my-task.yml --limits 60,180,600 --seeds 1
    python3 Benchmarks/time_to_accuracy.py --report docs/performance.md

Every contestant is a fresh process: imports and the encoder's loading count. All have the same cores, the same
encoder directory and the same rows. `knas search --time-limit` and AutoGluon are told their limit and are run once
for each; the others are run once, up to --budget, and answer when they have something. What a contestant spends on
test is not counted, except this program's, whose evaluation is within its limit. Measurements are appended to a
file of JSON lines, one after another, the shortest tasks first; --resume leaves out those that are there.
Peers live in virtual environments that `Scripts/python-environment` makes at the first run.
"""

import argparse
import contextlib
import functools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE / "contest"))
import report  # noqa: E402
import rows  # noqa: E402

# The environment that each contestant runs in; AutoIntent and AutoGluon pin other versions than the rest.
ENVIRONMENTS = {"knas": None, "logistic": "peers", "fine-tuning": "peers", "setfit": "peers",
                "autogluon": "autogluon", "autointent": "autointent"}
TOLD = ("knas", "autogluon")
MARKS = "<!-- time to accuracy: begin -->", "<!-- time to accuracy: end -->"
PICTURE = ROOT / "docs/images/time-to-accuracy.svg"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default="front-desk,sst2,mrpc,rte", help="names in tasks/, or task files")
    parser.add_argument("--data", action="append", default=[], metavar="TASK=DIRECTORY")
    parser.add_argument("--contestants", default=",".join(ENVIRONMENTS))
    parser.add_argument("--encoder", default="multilingual-e5-small", help="a name, or a directory")
    parser.add_argument("--limits", default="60,180,600,1800", help="seconds that this program is told")
    parser.add_argument("--budget", type=float, default=600, help="seconds for everybody else (600)")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, help="so many rows of each split, to try the peers out")
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "contest/results.jsonl")
    parser.add_argument("--resume", action="store_true", help="leave out what is measured already")
    parser.add_argument("--dry-run", action="store_true", help="list the measurements and their longest time")
    parser.add_argument("--machine", default=processor(), help="what the page calls this machine")
    parser.add_argument("--knas", default=os.environ.get("KNAS", ROOT / ".build/release/knas"))
    parser.add_argument("--report", type=pathlib.Path, metavar="PAGE",
                        help="write the section of a page, and the picture, from what is measured; - for the text")
    options = parser.parse_args()
    options.data = dict(item.split("=", 1) for item in options.data)
    options.limits = [float(x) for x in options.limits.split(",") if x]
    for name in options.contestants.split(","):
        if name not in ENVIRONMENTS:
            parser.error(f"{name} is no contestant; they are {', '.join(ENVIRONMENTS)}")
    return options


def processor():
    try:
        found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else "unknown"


@functools.cache
def python(environment):
    """The interpreter of a virtual environment, which is made where it does not exist."""
    run = subprocess.run([ROOT / "Scripts/python-environment", environment], check=True, stdout=subprocess.PIPE,
                         text=True)
    return run.stdout.strip()


def asked(options, *command):
    """What the program answers with --json."""
    run = subprocess.run([options.knas, *command, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout)


class Task:
    """A task's file, the options that name its data, and its rows in a file that contestants read."""

    def __init__(self, name, options, scratch):
        bundled = ROOT / f"tasks/{name}.yml"
        self.path = bundled if bundled.exists() else pathlib.Path(name)
        self.name = self.path.stem
        data = options.data.get(name)
        self.data = str(pathlib.Path(data).expanduser()) if data else None
        self.options = ["--data", self.data] if self.data else []
        loaded = rows.load(options.knas, self.path, self.options)
        for split in ("train", "dev", "test"):
            loaded[split] = loaded[split][:options.rows]
        self.rows = {split: len(loaded[split]) for split in ("train", "dev", "test")}
        self.file = scratch / f"{self.name}.json"
        self.file.write_text(json.dumps(loaded))


def plan(options):
    """(task, contestant, limit, seed) in the order of measuring: what a first look needs comes first."""
    names = options.contestants.split(",")
    short = [limit for limit in options.limits if limit <= options.budget]
    long = [limit for limit in options.limits if limit > options.budget]
    seeds, tasks = [int(seed) for seed in options.seeds.split(",")], options.tasks.split(",")
    for seed in seeds:
        for task in tasks:
            for name in names:
                limits = short if name in TOLD else [options.budget]
                yield from ((task, name, limit, seed) for limit in limits)
    # Only this program is asked what more time would give.
    if "knas" in names:
        yield from ((task, "knas", limit, seed) for seed in seeds for task in tasks for limit in long)


def environment(options, scratch):
    """Nothing is cached, nothing is fetched, and libraries have as many threads as the program."""
    values = dict(os.environ)
    libraries = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    values |= dict.fromkeys(libraries, str(options.threads))
    values |= {"XDG_CACHE_HOME": str(scratch), "HF_HOME": str(scratch), "KNAS_CACHE": str(scratch),
               "KNAS_CACHE_LIMIT": "none", "TMPDIR": str(scratch), "HF_HUB_OFFLINE": "1",
               "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true",
               "PYTHONUNBUFFERED": "1"}
    return values


def measured(options, command, values, limit, directory):
    """Runs a command in the directory; its lines, wall and CPU seconds and what it says last if it fails."""
    cores = sorted(os.sched_getaffinity(0))[:options.threads] if hasattr(os, "sched_setaffinity") else None
    with (directory / "errors").open("w+") as errors, (directory / "lines").open("w+") as lines:
        started = time.time()
        process = subprocess.Popen(
            command(started), cwd=directory, env=values, stdout=lines, stderr=errors, start_new_session=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)
        deadline, done = started + 2 * limit + 600, 0
        try:
            while not done and time.time() < deadline:
                time.sleep(0.05)
                # wait4 gives the CPU time of the process and of those it waited for.
                done, status, usage = os.wait4(process.pid, os.WNOHANG)
        finally:
            wall = time.time() - started
            # Nothing that it started, and not it itself after Ctrl-C, runs beside the next measurement.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if not done:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        lines.seek(0)
        errors.seek(0)
        said = [line for line in errors.read().splitlines() if line.strip()][-1:]
        return {"wall": round(wall, 2), "cpu": round(usage.ru_utime + usage.ru_stime, 2),
                "lines": lines.read().splitlines(), "code": process.returncode, "said": said}


def measure(options, task, contestant, limit, seed):
    """One measurement: its answers, or why there are none."""
    with tempfile.TemporaryDirectory(prefix="time-to-accuracy-") as name:
        scratch = pathlib.Path(name)
        values = environment(options, scratch)
        if contestant == "knas":
            command = [options.knas, "search", str(task.path), *task.options, "--encoder", options.encoder,
                       "--time-limit", f"{limit:g}s", "--seed", str(seed), "--threads", str(options.threads),
                       "--run", str(scratch / "run"), "--quiet"]
            run = measured(options, lambda _: command, values, limit, scratch)
            answers = []
            if run["code"] == 0:
                result = json.loads((scratch / "run/result.json").read_text())
                answers = [{"what": f"{len(result['exported']['members'])} heads", "seconds": run["wall"],
                            "cpu": run["cpu"], "test": result["exported"]["test"]["accuracy"]}]
        else:
            work = {"rows": str(task.file), "encoder": options.encoder, "budget": limit, "seed": seed,
                    "tolerance": report.TOLERANCE, "scratch": name}
            # numpy and PyTorch bring their own kernels.
            values = {k: v for k, v in values.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
            interpreter = python(ENVIRONMENTS[contestant])

            def command(started):
                (scratch / "work.json").write_text(json.dumps(work | {"started": started}))
                return [interpreter, str(HERE / "contest/contestants.py"), contestant, str(scratch / "work.json")]
            run = measured(options, command, values, limit, scratch)
            answers = [json.loads(line) for line in run["lines"] if line.startswith('{"what": ')]
        cut = run["code"] == 3 and contestant != "knas"
        found = {"wall": run["wall"], "cpu": run["cpu"], "cut": cut, "answers": answers}
        return found if run["code"] == 0 or cut else found | {"failed": f"exit code {run['code']}: {' '.join(run['said'])}"}


def measure_all(options, scratch):
    """Measures what is not known yet; the tasks' rows lie in the directory meanwhile."""
    options.encoder = asked(options, "encoder", "show", options.encoder)["directory"]
    version = subprocess.run([options.knas, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
    known = {report.key(m) for m in report.latest(recorded(options))} if options.resume else set()
    tasks = {}
    for name, contestant, limit, seed in plan(options):
        if name not in tasks:
            tasks[name] = Task(name, options, scratch)
        task = tasks[name]
        about = {"task": task.name, "encoder": pathlib.Path(options.encoder).name, "contestant": contestant,
                 "told": contestant in TOLD, "limit": limit, "seed": seed, "threads": options.threads,
                 "machine": options.machine}
        if report.key(about) in known:
            continue
        print(f"{task.name}, seed {seed}, {contestant}, {report.duration(limit)}", end=": ", flush=True)
        load = os.getloadavg()[0]
        found = about | {"rows": task.rows, "version": version.strip(), "load": round(load, 2),
                         "date": time.strftime("%Y-%m-%d")} | measure(options, task, contestant, limit, seed)
        with options.results.open("a") as file:
            file.write(json.dumps(found) + "\n")
        curve = ", ".join(f"{a['test']:.3f} at {a['seconds']:.0f} s" for a in found["answers"])
        print(found.get("failed") or curve or "no answer", flush=True)


def recorded(options):
    if not options.results.exists():
        return []
    return [json.loads(line) for line in options.results.read_text().splitlines()]


def write_report(options):
    measurements = report.latest(recorded(options))
    section = report.page(measurements, options.limits)
    if str(options.report) == "-":
        print(section, end="")
        return
    text = options.report.read_text()
    if not all(mark in text for mark in MARKS):
        sys.exit(f"{options.report}: no lines {MARKS[0]} and {MARKS[1]} that the section goes between")
    PICTURE.parent.mkdir(exist_ok=True)
    subprocess.run([python("peers"), HERE / "contest/report.py", options.results, PICTURE], check=True)
    before, rest = text.split(MARKS[0])
    image = os.path.relpath(PICTURE, options.report.resolve().parent)
    options.report.write_text(
        f"{before}{MARKS[0]}\n{section}\n![Test accuracy against seconds]({image})\n{MARKS[1]}{rest.split(MARKS[1])[1]}")


def main():
    options = arguments()
    if options.report:
        write_report(options)
    elif options.dry_run:
        todo = list(plan(options))
        for task, contestant, limit, seed in todo:
            print(f"{task}, seed {seed}, {contestant}, {report.duration(limit)}")
        print(f"{len(todo)} measurements, {report.duration(sum(limit for _, _, limit, _ in todo))} at most")
    else:
        with tempfile.TemporaryDirectory(prefix="time-to-accuracy-rows-") as scratch:
            measure_all(options, pathlib.Path(scratch))


if __name__ == "__main__":
    main()
