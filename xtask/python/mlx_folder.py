"""Prints the folder of MLX's package, if it and the named library are installed in the named version."""

import importlib.util
import sys
from importlib.metadata import PackageNotFoundError, version

library, wanted = sys.argv[1:]
for package in ("mlx", library):
    try:
        found = version(package)
    except PackageNotFoundError:
        sys.exit(f"{package} is not installed.")
    if found != wanted:
        sys.exit(f"{package} is {found}.")
spec = importlib.util.find_spec("mlx")
print(next(iter(spec.submodule_search_locations)))
