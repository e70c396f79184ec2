"""Prints where the installed engines keep their shared libraries, one NAME=PATH a line.

The engines are located, not imported, so that this costs milliseconds. An engine that is not
installed, or whose library cannot be found in its package, has no line.
"""

import importlib.util
import re
from pathlib import Path

# A library may carry its version: libonnxruntime.so.1.31.1, libopenvino_c.so.2641, onnxruntime.dll.
LIBRARIES = {
    "ORT_DYLIB_PATH": ("onnxruntime", "capi", r"(lib)?onnxruntime(\.[\d.]+)?\.(so|dylib|dll)(\.[\d.]+)?"),
    "OPENVINO_LIB_PATH": ("openvino", "libs", r"(lib)?openvino_c(\.[\d.]+)?\.(so|dylib|dll)(\.[\d.]+)?"),
}


def find(package: str, folder: str, pattern: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    files = sorted((Path(spec.submodule_search_locations[0]) / folder).glob("*"))
    return next((file for file in files if re.fullmatch(pattern, file.name)), None)


for variable, place in LIBRARIES.items():
    if path := find(*place):
        print(f"{variable}={path}")
