"""The directory layout of the ONNX backend tests.

    NAME/model.onnx
    NAME/test_data_set_0/input_0.pb … output_0.pb …

A value is written as the protobuf message its type asks for: a tensor, a sequence, an optional or a map.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


def write_model(folder: Path, model: onnx.ModelProto) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def write_data_set(folder: Path, inputs: list, outputs: list, graph: onnx.GraphProto) -> None:
    """Writes one data set; `graph` gives the names and types, initializers that are also inputs left aside."""
    folder.mkdir(parents=True, exist_ok=True)
    initialized = {initializer.name for initializer in graph.initializer}
    free_inputs = [value for value in graph.input if value.name not in initialized]
    for kind, values, infos in (("input", inputs, free_inputs), ("output", outputs, graph.output)):
        for index, (value, info) in enumerate(zip(values, infos, strict=True)):
            (folder / f"{kind}_{index}.pb").write_bytes(to_proto(value, info).SerializeToString())


def to_proto(value, info: onnx.ValueInfoProto):
    match info.type.WhichOneof("value"):
        case "tensor_type" if isinstance(value, onnx.TensorProto):
            return value
        case "tensor_type":
            return numpy_helper.from_array(np.asarray(value), info.name)
        case "sequence_type":
            return numpy_helper.from_list(value, info.name)
        case "optional_type":
            return numpy_helper.from_optional(value, info.name)
        case "map_type":
            return numpy_helper.from_dict(value, info.name)
        case other:
            raise TypeError(f"{info.name} has a type that has no file form: {other}")
