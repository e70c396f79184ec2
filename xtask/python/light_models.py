"""Re-seeds the nine light models of the installed `onnx` package and writes them as backend-test directories.

    python light_models.py FOLDER

As shipped, every weight of a light model is one constant, so every output is a constant too and proves nothing.
Here each weight becomes a real initializer, drawn from a generator seeded by the model's name:

- convolutions and matrix products: normal, scaled by √(2 / fan-in) (He et al., 2015), then divided by the spread
  that the layer's outputs show on a few calibration images (Mishkin and Matas, 2016); a bias brings each
  channel near a mean of ½, for without it the signals of different images grow alike with depth;
- batch normalization: mean and variance near those of the calibration images, scale near 1, bias near ½;
- the last layer: not centred, and scaled so that the logits have a spread at which the softmax is neither
  saturated nor flat.

Normalizing each layer of a random network amplifies small differences, rounding errors among them, from layer to
layer (Yang et al., 2019). Engines that are all right would then seem to disagree. A bias of ½, which lets most of
the signal through the rectifier, and a last layer that keeps what all images share hold this down; the disagreement
between two ways of running the same model, printed for each, shows how far.

The reference output is that of ONNX Runtime with its graph optimisations off, so that each operator is computed as
it is written. Every model is then checked: the optimised run agrees, the output depends on the image, and its
largest probability and entropy are those of a classifier with an opinion. `FOLDER/index.json` holds the numbers.
"""

import json
import shutil
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from backend_test import write_data_set, write_model
from onnx import TensorProto, helper, numpy_helper

CALIBRATION_IMAGES = 4
LOGIT_SPREAD = 1.5
CHANNEL_BIAS = 0.5
JITTER = 0.1

# What a checked model must show. With 1000 classes the uniform distribution has entropy ln 1000 = 6.9.
LARGEST_PROBABILITY = (2e-3, 0.5)
ENTROPY = (1.0, 6.5)
LEAST_CHANGE_BETWEEN_IMAGES = 0.1
MOST_CHANGE_BY_OPTIMISATION = 1e-5


def main(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    sources = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("light_*.onnx"))
    if not sources:
        sys.exit("The installed onnx package carries no light models.")

    print(f"{'model':<20} {'MB':>6} {'max prob':>9} {'entropy':>8} {'Δ image':>9} {'Δ optimised':>12} {'seconds':>8}")
    records = []
    for source in sources:
        started = time.monotonic()
        row = make(source, root / source.stem)
        records.append(row)
        print(
            f"{row['name']:<20} {row['bytes'] / 1e6:>6.0f} {row['largest_probability']:>9.4f} {row['entropy']:>8.3f} "
            f"{row['change_between_images']:>9.3f} {row['change_by_optimisation']:>12.1e} "
            f"{time.monotonic() - started:>8.1f}",
            flush=True,
        )
    index = {"onnx": onnx.__version__, "onnxruntime": ort.__version__, "models": records}
    (root / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def make(source: Path, folder: Path) -> dict:
    generator = np.random.default_rng(zlib.crc32(source.stem.encode()))
    model = onnx.load(source)
    image_info = free_input(model.graph)
    shape = [dimension.dim_value for dimension in image_info.type.tensor_type.shape.dim]

    weights_from_shapes(model.graph)
    calibration = [image(shape, generator) for _ in range(CALIBRATION_IMAGES)]
    first, second = image(shape, generator), image(shape, generator)
    Reseeding(model, generator, image_info.name, [*calibration, first]).run()
    write_model(folder, model)
    del model

    plain = evaluate(folder, image_info.name, [first, second], ort.GraphOptimizationLevel.ORT_DISABLE_ALL)
    optimised = evaluate(folder, image_info.name, [first], ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    graph = onnx.load(folder / "model.onnx").graph
    write_data_set(folder / "test_data_set_0", [first], [plain[0]], graph)

    probabilities = plain[0].astype(np.float64).ravel()
    if graph.node[-1].op_type != "Softmax":
        probabilities = softmax(probabilities)
    record = {
        "name": source.stem,
        "bytes": (folder / "model.onnx").stat().st_size,
        "largest_probability": float(probabilities.max()),
        "entropy": float(-(probabilities * np.log(np.maximum(probabilities, 1e-300))).sum()),
        "change_between_images": relative_l2(plain[1], plain[0]),
        "change_by_optimisation": relative_l2(optimised[0], plain[0]),
    }
    check(record)
    return record


def check(record: dict) -> None:
    bounds = {
        "largest_probability": LARGEST_PROBABILITY,
        "entropy": ENTROPY,
        "change_between_images": (LEAST_CHANGE_BETWEEN_IMAGES, np.inf),
        "change_by_optimisation": (0, MOST_CHANGE_BY_OPTIMISATION),
    }
    for key, (low, high) in bounds.items():
        if not low <= record[key] <= high:
            sys.exit(f"{record['name']}: {key} is {record[key]:.3g}, which is not between {low:g} and {high:g}.")


def free_input(graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    initialized = {initializer.name for initializer in graph.initializer}
    (info,) = (value for value in graph.input if value.name not in initialized)
    return info


def weights_from_shapes(graph: onnx.GraphProto) -> None:
    """Turns each `ConstantOfShape` into an initializer, and drops the shapes that nothing reads any more."""
    initializers = {initializer.name: initializer for initializer in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shape = numpy_helper.to_array(initializers[node.input[0]]).tolist()
        value = numpy_helper.to_array(node.attribute[0].t).item()
        array = np.full(shape, value, np.float32)
        graph.initializer.append(numpy_helper.from_array(array, node.output[0]))
        # Before version 4 of the format every initializer must be listed among the inputs.
        graph.input.append(helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, shape))

    shapes = {node.input[0] for node in graph.node if node.op_type == "ConstantOfShape"}
    unused = shapes - {name for node in kept for name in node.input}
    for field, values in (
        (graph.node, kept),
        (graph.initializer, [value for value in graph.initializer if value.name not in unused]),
        (graph.input, [value for value in graph.input if value.name not in unused]),
    ):
        values = list(values)
        del field[:]
        field.extend(values)


class Reseeding:
    """Walks the graph once, node by node, drawing each layer's weights before the images go through it.

    The last of the images is the one that the model will be tested with. It gives the last layer its scale and has
    no part in the statistics of any other layer.
    """

    def __init__(self, model, generator, image_name, images):
        self.model = model
        self.generator = generator
        self.constants = {value.name: numpy_helper.to_array(value) for value in model.graph.initializer}
        self.producers = {name: node for node in model.graph.node for name in node.output}
        self.activations = {image_name: images}
        self.images = len(images)
        self.drawn = set()

    def run(self) -> None:
        nodes = [node for node in self.model.graph.node if not self.is_constant(node.output[0])]
        last_reader = {name: index for index, node in enumerate(nodes) for name in node.input}
        last_layer = [node for node in nodes if node.op_type in ("Conv", "Gemm")][-1]
        for index, node in enumerate(nodes):
            if node.op_type == "Softmax":
                break
            match node.op_type:
                case "Conv" | "Gemm":
                    self.draw_layer(node, centred=node is not last_layer)
                case "BatchNormalization":
                    self.draw_normalization(node)
                case "Mul" | "Add" if any(self.is_constant(name) for name in node.input):
                    self.draw_affine(node)
            self.activations[node.output[0]] = self.outputs(node)
            logits = node.output[0]
            for name in node.input:
                if last_reader[name] == index:
                    self.activations.pop(name, None)
        self.scale_last_layer(last_layer, self.activations[logits][-1])
        self.store()

    def is_constant(self, name: str) -> bool:
        """Whether a value depends on initializers alone, through `Reshape` or `Unsqueeze`, say."""
        if name in self.constants:
            return True
        producer = self.producers.get(name)
        return producer is not None and all(self.is_constant(input) for input in producer.input)

    def initializer_behind(self, name: str) -> str:
        while name not in self.constants:
            name = self.producers[name].input[0]
        return name

    def constant(self, name: str) -> np.ndarray:
        if name in self.constants:
            return self.constants[name]
        node = self.producers[name]
        return run_node(node, [self.constant(input) for input in node.input])

    def outputs(self, node) -> list[np.ndarray]:
        inputs = [
            [self.constant(name)] * self.images if self.is_constant(name) else self.activations[name]
            for name in node.input
        ]
        return [run_node(node, list(values)) for values in zip(*inputs, strict=True)]

    def draw(self, name: str, mean=0.0, deviation=JITTER) -> None:
        initializer = self.initializer_behind(name)
        shape = self.constants[initializer].shape
        values = self.generator.standard_normal(shape, dtype=np.float32)
        values *= np.float32(deviation) if np.isscalar(deviation) else deviation.astype(np.float32)
        self.set(name, values + np.asarray(mean, np.float32))

    def set(self, name: str, values: np.ndarray) -> None:
        initializer = self.initializer_behind(name)
        self.constants[initializer] = values.astype(np.float32, copy=False)
        self.drawn.add(initializer)

    def draw_layer(self, node, centred: bool) -> None:
        weight, bias = node.input[1], node.input[2] if len(node.input) > 2 else None
        self.draw(weight, deviation=np.sqrt(2 / self.fan_in(node)))
        if bias:
            self.set(bias, np.zeros_like(self.constants[self.initializer_behind(bias)]))
        mean, deviation = per_channel(self.outputs(node))
        spread = np.sqrt(np.mean(deviation**2))
        source = self.initializer_behind(weight)
        self.set(weight, self.constants[source] / np.float32(spread))
        if bias:
            self.draw(bias, mean=CHANNEL_BIAS - mean / spread if centred else 0)

    def fan_in(self, node) -> int:
        shape = self.constant(node.input[1]).shape
        if node.op_type == "Conv":
            return int(np.prod(shape[1:]))
        transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
        return shape[1] if transposed else shape[0]

    def draw_normalization(self, node) -> None:
        data, scale, bias, mean, variance = node.input
        center, deviation = per_channel(self.activations[data])
        self.draw(scale, mean=1)
        self.draw(bias, mean=CHANNEL_BIAS)
        self.draw(mean, mean=center, deviation=JITTER * deviation)
        # A channel that the calibration images leave nearly constant must not be blown up.
        floor = 0.1 * np.sqrt(np.mean(deviation**2))
        jitter = np.exp(2 * JITTER * self.generator.standard_normal(deviation.shape))
        self.set(variance, np.maximum(deviation, floor) ** 2 * jitter)

    def draw_affine(self, node) -> None:
        name = next(name for name in node.input if self.is_constant(name))
        self.draw(name, mean=1 if node.op_type == "Mul" else 0)

    def scale_last_layer(self, node, logits: np.ndarray) -> None:
        """Works through what may stand between the last layer and the logits: `Relu` and averages keep a scale."""
        factor = np.float32(LOGIT_SPREAD / logits.std())
        for name in node.input[1:]:
            initializer = self.initializer_behind(name)
            self.constants[initializer] = self.constants[initializer] * factor

    def store(self) -> None:
        read = {name for node in self.model.graph.node for name in node.input}
        for value in self.model.graph.initializer:
            if value.name in self.drawn:
                value.CopyFrom(numpy_helper.from_array(self.constants[value.name], value.name))
            elif value.data_type == TensorProto.FLOAT and value.name in read:
                sys.exit(f"No rule says how to draw the weight {value.name}.")


def per_channel(outputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel (axis 1) over the calibration images and the positions."""
    channels = np.moveaxis(np.concatenate(outputs[:CALIBRATION_IMAGES]), 1, 0)
    channels = channels.reshape(channels.shape[0], -1).astype(np.float64)
    return channels.mean(axis=1), channels.std(axis=1)


def run_node(node, inputs: list[np.ndarray]) -> np.ndarray:
    """One node on its own in ONNX Runtime, constants given as inputs like everything else."""
    names = [f"input_{index}" for index in range(len(inputs))]
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, inputs, strict=True)
    ]
    alone = onnx.NodeProto()
    alone.CopyFrom(node)
    del alone.input[:], alone.output[:]
    alone.input.extend(names)
    alone.output.append("output")
    graph = helper.make_graph(
        [alone], "alone", infos, [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    session = session_of(model.SerializeToString(), ort.GraphOptimizationLevel.ORT_DISABLE_ALL)
    return session.run(None, dict(zip(names, inputs, strict=True)))[0]


def evaluate(folder: Path, input_name: str, images: list, level) -> list[np.ndarray]:
    session = session_of(str(folder / "model.onnx"), level)
    return [session.run(None, {input_name: values})[0] for values in images]


def session_of(model, level) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def image(shape: list[int], generator) -> np.ndarray:
    """A picture-like input of mean 0 and deviation 1: noise at four scales, the coarse ones strong."""
    batch, channels, height, width = shape
    values = np.zeros(shape)
    for cells, strength in ((3, 1.0), (10, 0.7), (40, 0.4), (height, 0.2)):
        noise = generator.standard_normal((batch, channels, cells, cells))
        rows, columns = interpolation(height, cells), interpolation(width, cells)
        values += strength * (rows @ noise @ columns.T)
    return ((values - values.mean()) / values.std()).astype(np.float32)


def interpolation(length: int, cells: int) -> np.ndarray:
    """The matrix that stretches `cells` values linearly over `length` positions."""
    positions = np.linspace(0, cells - 1, length)
    return np.stack([np.interp(positions, np.arange(cells), unit) for unit in np.eye(cells)], axis=1)


def relative_l2(values: np.ndarray, reference: np.ndarray) -> float:
    values, reference = values.astype(np.float64), reference.astype(np.float64)
    return float(np.linalg.norm(values - reference) / np.linalg.norm(reference))


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
