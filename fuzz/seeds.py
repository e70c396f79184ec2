"""Writes inputs to start fuzzing from: the node tests of the installed `onnx` package, small tensor files, and other tools'
results.

    python fuzz/seeds.py

They are put where `cargo fuzz run` looks for them, in `fuzz/corpus`.
"""

import hashlib
import io
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

CORPUS = Path(__file__).parent / "corpus"
RESULTS = Path(__file__).parents[1] / "crates/store/tests/data"

# Larger models are slow to try, and show nothing that smaller ones do not.
MAX_BYTES = 8192


def main():
    np.random.seed(0)
    warnings.simplefilter("ignore", RuntimeWarning)
    for case in collect_testcases(None):
        save("import_model", case.model.SerializeToString())
        save("import_model", with_known_inputs(case).SerializeToString())
    for values in (np.arange(6, dtype=np.float32).reshape(2, 3), np.array(True), np.zeros((0, 2), np.int64)):
        file = io.BytesIO()
        np.save(file, values)
        save("tensor_files", b"\0" + file.getvalue())
        for write in (np.savez, np.savez_compressed):
            file = io.BytesIO()
            write(file, a=values, b=values)
            save("tensor_files", b"\1" + file.getvalue())
        save("tensor_files", b"\2" + numpy_helper.from_array(values, "x").SerializeToString())
    for text in (
        "id,lower,upper,size\na,0,2,64\nb,1,3,32\n",
        "size,buffer_id,start,end,alignment,gaps\n100,a,0,0,8,\n7,b,0,4,64,\n",
        "id,begin,upper,size,offset\na,0,2,64,0\nb,1,3,32,64\n",
    ):
        save("plan_csv", text.encode())
    header = b'{"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}'
    save("tensor_files", b"\3" + len(header).to_bytes(8, "little") + header + bytes(8))


    for file in RESULTS.glob("*.*"):
        save("import_results", file.read_bytes())
    for benchmark in RESULTS.glob("criterion/**/benchmark.json"):
        parts = [benchmark.with_name(name) for name in ("benchmark.json", "sample.json", "estimates.json")]
        save("import_results", b"\0".join(part.read_bytes() for part in parts if part.is_file()))


def with_known_inputs(case):
    """The model with its integer inputs as weights: some decide shapes, which must be known."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    inputs, _ = case.data_sets[0]
    for info, value in zip(case.model.graph.input, inputs):
        if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
            model.graph.input.remove(info)
            model.graph.initializer.append(numpy_helper.from_array(value, info.name))
    return model


def save(target, content):
    if len(content) <= MAX_BYTES:
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


if __name__ == "__main__":
    main()
