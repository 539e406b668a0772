"""Find the cells below an implementations root.

A cell is found from its path, ``<stack>/<variant>/<workload>.<language>``; nothing lists it
a second time. Facts that are not in a path (label, color, transports) are in the stack's
``stack.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from bench.contract.model import (
    CROWD,
    ENCRYPTS,
    LANGUAGES,
    PROMISES,
    SECURITIES,
    SLIDE,
    TRANSPORTS,
    Cell,
    Stack,
    Variant,
    Workload,
)
from bench.errors import ContractError, UsageError, near

MANIFEST = "stack.toml"
KEYS = ("label", "color", "requirements", "system", "variants", "c")
VARIANT_KEYS = (
    "transports",
    "promises",
    "limit_bytes",
    "programs",
    "requirements",
    "stays_open",
    "security",
    "counterparts",
    "files",
    "crowd",
)
DECLARED = tuple(word for word in PROMISES if word != ENCRYPTS)
"""The promises that ``stack.toml`` lists; the other one follows from ``security``."""
UNLIMITED = "none"


def _refuse_unknown(
    path: Path, table: dict[str, Any], known: Collection[str], where: str = ""
) -> None:
    for key in table:
        if key not in known:
            raise ContractError(f"{path}: {where}has no key {key!r}{near(key, known)}")


def _strings(path: Path, table: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return a list of strings; a string alone would be taken for a list of letters."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ContractError(f"{path}: {key} = {value!r}: write a list of strings")
    return tuple(value)


def _packages(path: Path, table: dict[str, Any], key: str, like: str) -> dict[str, str]:
    """Return a table of what is needed, with Debian's packages; ``key`` is its name."""
    found = table.get(key.rsplit(".", 1)[-1], {})
    if not all(isinstance(package, str) for package in found.values()):
        raise ContractError(f"{path}: [{key}]: write lines like {like}")
    return dict(found)


def _promises(path: Path, variant: str, table: dict[str, Any]) -> dict[str, frozenset[str]]:
    """Return the promises of a variant's workloads and files, as ``Variant`` has them."""
    promises = {}
    for of in table:
        words = _strings(path, table, of)
        for word in words:
            if word not in DECLARED:
                raise ContractError(
                    f"{path}: [variants.{variant}] promises.{of}: no promise is called "
                    f"{word!r}{near(word, DECLARED)}: write some of {', '.join(DECLARED)}"
                )
        promises[of] = frozenset(words)
    return promises


def _limit_bytes(path: Path, variant: str, table: dict[str, Any]) -> int | None:
    value = table.get("limit_bytes", UNLIMITED)
    if value == UNLIMITED:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ContractError(
            f"{path}: [variants.{variant}] limit_bytes = {value!r}: write the size of the "
            f'largest message in bytes, or "{UNLIMITED}" where memory is the only limit'
        )
    return value


def _security(path: Path, variant: str, table: dict[str, Any]) -> str:
    value = table.get("security", "")
    if value and value not in SECURITIES:
        raise ContractError(
            f"{path}: [variants.{variant}] security = {value!r}{near(value, SECURITIES)}: "
            f"write one of {', '.join(SECURITIES)}, or leave it out"
        )
    return str(value)


def _transports(
    path: Path, variant: str, table: dict[str, Any], key: str
) -> tuple[str, ...]:
    transports = _strings(path, table, key)
    if unknown := set(transports) - set(TRANSPORTS):
        raise ContractError(
            f"{path}: [variants.{variant}] {key}: {', '.join(sorted(unknown))}: "
            f"write some of {', '.join(TRANSPORTS)}"
        )
    return transports


def _crowd(path: Path, variant: str, table: dict[str, Any]) -> str:
    value = table.get("crowd", "")
    known = sorted({file.parent.name for file in CROWD.glob("*/*/*.c")})
    if value and value not in known:
        raise ContractError(
            f"{path}: [variants.{variant}] crowd = {value!r}: write one of "
            f"{', '.join(known)}, or leave it out"
        )
    return str(value)


def _variants(path: Path, tables: dict[str, Any]) -> Iterator[Variant]:
    for name, table in tables.items():
        _refuse_unknown(path, table, VARIANT_KEYS, f"[variants.{name}] ")
        transports = _transports(path, name, table, "transports")
        if not transports:
            raise ContractError(
                f"{path}: [variants.{name}] names no transports: write "
                'transports = ["tcp"], or more of them'
            )
        yield Variant(
            name,
            transports,
            _promises(path, name, table.get("promises", {})),
            _limit_bytes(path, name, table),
            _strings(path, table, "programs"),
            _strings(path, table, "requirements"),
            _transports(path, name, table, "stays_open"),
            _security(path, name, table),
            _strings(path, table, "counterparts"),
            _packages(
                path, table, f"variants.{name}.files", '"/usr/lib/some.so" = "some-bin"'
            ),
            _crowd(path, name, table),
        )


def load_stack(folder: Path) -> Stack:
    """Read ``stack.toml`` of one stack's folder.

    Raises ContractError if the file is missing or does not follow the contract.
    """
    path = folder / MANIFEST
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        _refuse_unknown(path, table, KEYS)
        variants = {variant.name: variant for variant in _variants(path, table["variants"])}
        return Stack(
            name=folder.name,
            folder=folder,
            label=table["label"],
            color=table.get("color"),
            requirements=_strings(path, table, "requirements"),
            system=_strings(path, table, "system"),
            variants=variants,
            c_libraries=_packages(
                path, table.get("c", {}), "c.libraries", 'libzmq = "libzmq3-dev"'
            ),
        )
    except FileNotFoundError as error:
        raise ContractError(
            f"{folder} has programs but no stack.toml; write one"
        ) from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ContractError(f"{path}: {type(error).__name__}: {error}") from error


def _stack_cells(stack: Stack, workloads: dict[str, Workload]) -> Iterator[Cell]:
    for path in sorted(stack.folder.glob("*/*")):
        if path.suffix not in LANGUAGES or path.stem not in workloads:
            continue
        if path.parent.name == SLIDE:
            continue
        variant = stack.variants.get(path.parent.name)
        if variant is None:
            raise ContractError(
                f"{path}: stack.toml has no [variants.{path.parent.name}]: add it"
            )
        if not {path.stem, path.name} & set(variant.promises):
            raise ContractError(
                f"{path}: list its promises in stack.toml, [variants.{variant.name}]: "
                f"promises.{path.stem} = [some of {', '.join(DECLARED)}]"
            )
        yield Cell(stack, variant, workloads[path.stem], path)


def find_cells(roots: Sequence[Path]) -> list[Cell]:
    """Return every cell below the given implementations roots, in a stable order.

    Raises ContractError for a root that is not a folder, a broken ``stack.toml``, or
    two stacks of one name.
    """
    from bench.contract.all_workloads import WORKLOADS

    cells: list[Cell] = []
    seen: dict[str, Path] = {}
    for root in roots:
        if not root.is_dir():
            raise ContractError(f"{root} is not a folder: name an implementations root")
        if (root / MANIFEST).exists():
            raise ContractError(
                f"{root} is one stack; name {root.resolve().parent}, the folder above it"
            )
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            if not any(folder.glob("*/*.py")) and not (folder / MANIFEST).exists():
                continue
            if folder.name in seen:
                raise ContractError(
                    f"two stacks are called {folder.name}: {seen[folder.name]} and "
                    f"{folder}; rename one of the folders"
                )
            seen[folder.name] = folder
            cells += _stack_cells(load_stack(folder), WORKLOADS)
    return cells


@cache
def crowd_of(variant: Variant, workload: str) -> Cell | None:
    """Return the crowd that speaks the wire of a variant's programs, None without one."""
    wanted = (variant.crowd, workload)
    cells = find_cells([CROWD]) if variant.crowd else []
    return next((c for c in cells if (c.variant.name, c.workload.name) == wanted), None)


def choose(cells: Sequence[Cell], globs: Sequence[str]) -> list[Cell]:
    """Return the cells whose ids match one of the globs; all of them without a glob.

    Raises UsageError for a glob that matches nothing.
    """
    for glob in globs:
        if not any(fnmatch(cell.id, glob) for cell in cells):
            ids = [cell.id for cell in cells]
            raise UsageError(
                f"no program matches {glob!r}{near(glob, ids)}; see `nomiddle list`"
            )
    if not globs:
        return list(cells)
    return [cell for cell in cells if any(fnmatch(cell.id, glob) for glob in globs)]


def stack_names(words: Iterable[str], cells: Sequence[Cell]) -> set[str]:
    """Return the stacks that a user names, by folder or by the label of charts: "ZeroMQ".

    Raises UsageError for a name that no stack has, and for a label that two stacks have.
    """
    stacks = {cell.stack.name: cell.stack.label for cell in cells}
    found: set[str] = set()
    for word in words:
        typed = word.casefold()
        named = [name for name in stacks if name.casefold() == typed]
        named = named or [n for n, label in stacks.items() if label.casefold() == typed]
        if not named:
            listed = ", ".join(dict.fromkeys(stacks.values()))
            raise UsageError(
                f"no stack is called {word!r}, but {listed}; see `nomiddle list`"
            )
        if len(named) > 1:
            raise UsageError(
                f"{word!r} is the label of the stacks {' and '.join(named)}: write the "
                "name of one folder"
            )
        found.update(named)
    return found
