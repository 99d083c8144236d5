#!/usr/bin/env python3
"""Holds files against a JSON Schema (draft 2020-12).

usage: check_schema.py [--refuse] SCHEMA FILE...

A FILE is JSON, or CSV with a header: there each row is an object of the cells that are not empty. Prints
a line for each file: its name, a tab, and "ok" or the place and the fault of the first error. Exits with
1 if a file has an error; with --refuse if one has none. Needs jsonschema.
"""

import csv
import json
import pathlib
import sys

import jsonschema


def refuse_constant(name):
    """JSON has no such number, though Python's reader takes it."""
    raise ValueError(f"{name} is not JSON")


def cell(text):
    """A number where the text is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def documents(path):
    if path.suffix != ".csv":
        return [json.loads(path.read_text(), parse_constant=refuse_constant)]
    with path.open(newline="") as file:
        rows = [
            {column: cell(text) for column, text in row.items() if text != ""}
            for row in csv.DictReader(file, strict=True)
        ]
    assert rows, f"{path} has no rows"
    return rows


def main():
    arguments = sys.argv[1:]
    refuses = arguments[:1] == ["--refuse"]
    schema, *files = map(pathlib.Path, arguments[refuses:])
    schema = json.loads(schema.read_text())
    kind = jsonschema.Draft202012Validator
    kind.check_schema(schema)
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    assert files, "no files"
    good = True
    for path in files:
        errors = [error for value in documents(path) for error in validator.iter_errors(value)]
        good = good and bool(errors) == refuses
        text = f"{errors[0].json_path}: {errors[0].message}" if errors else "ok"
        print(f"{path.name}\t{text}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
