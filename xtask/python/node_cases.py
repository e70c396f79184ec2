"""Writes the node tests of the installed `onnx` package as directories, with an index of what each needs.

    python node_cases.py FOLDER

`FOLDER/index.json` holds `onnx`, the package's version; `tests`, one record per directory; and `unwritten`, the
names of the cases that could not be written, each with the reason. A record holds the operators used (through
every subgraph), each with its domain and the operator set the model imports for it, the types of the inputs and
outputs, and the tolerances: |a − b| ≤ atol + rtol·|b|.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from backend_test import write_data_set, write_model
from onnx.backend.test.case.node import collect_testcases

DEFAULT_DOMAINS = ("", "ai.onnx")


def main(root: Path) -> None:
    # Some cases draw their data without a seed of their own, and some overflow on purpose.
    np.random.seed(0)
    warnings.simplefilter("ignore", RuntimeWarning)

    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    tests, unwritten = [], {}
    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        folder = root / case.name
        try:
            write_model(folder, case.model)
            for index, (inputs, outputs) in enumerate(case.data_sets):
                write_data_set(folder / f"test_data_set_{index}", inputs, outputs, case.model.graph)
        except (TypeError, ValueError) as error:
            shutil.rmtree(folder)
            unwritten[case.name] = str(error)
            continue
        tests.append(record(case))

    index = {"onnx": onnx.__version__, "tests": tests, "unwritten": unwritten}
    (root / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    print(f"{len(tests)} node tests written, {len(unwritten)} could not be written")
    for name, reason in unwritten.items():
        print(f"  {name}: {reason}")


def record(case) -> dict:
    model = case.model
    opsets = {domain_of(entry.domain): entry.version for entry in model.opset_import}
    operators = sorted(set(operators_of(model.graph.node)))
    return {
        "name": case.name,
        "operators": [
            {"domain": domain, "operator": operator, "opset": opsets[domain]} for domain, operator in operators
        ],
        "inputs": [type_name(value.type) for value in model.graph.input],
        "outputs": [type_name(value.type) for value in model.graph.output],
        "rtol": case.rtol,
        "atol": case.atol,
    }


def operators_of(nodes):
    for node in nodes:
        yield domain_of(node.domain), node.op_type
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from operators_of(graph.node)


def domain_of(domain: str) -> str:
    """The default operator set goes by two names; the empty one stands for both."""
    return "" if domain in DEFAULT_DOMAINS else domain


def type_name(value: onnx.TypeProto) -> str:
    """`float`, `int64`, `sequence(float)`, `optional(sequence(float))` …: the names ONNX gives to its types."""
    match value.WhichOneof("value"):
        case "tensor_type":
            return onnx.TensorProto.DataType.Name(value.tensor_type.elem_type).lower()
        case "sequence_type":
            return f"sequence({type_name(value.sequence_type.elem_type)})"
        case "optional_type":
            return f"optional({type_name(value.optional_type.elem_type)})"
        case other:
            return str(other)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
