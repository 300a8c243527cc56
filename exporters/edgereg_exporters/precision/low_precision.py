"""Which nodes of a graph may compute in less than FP32; everything else stays as it is.

Low: convolutions and dense layers of the network, and what lies between them (activations,
normalisation, pooling, residual sums). FP32 stays

- the input's scaling, and every input and output of the graph;
- the last weighted layer of each path: its sums are logits, distances or an energy's features;
- all behind it: softmax, exponentials, moments, box arithmetic, TopK;
- the layers of a module called `head` or `heads`, and dense constants that are no parameters
  (code matrices, levels);
- the graphs `refine` and `density`: Algorithm 1 accepts a step by comparing two energies, which
  differ by less than FP16 resolves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import onnx

WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
# Ops whose result in FP16 is as good as their inputs: they may follow a low node at no loss.
FOLLOWING = frozenset({"BatchNormalization", "LeakyRelu", "MaxPool", "Relu"})
BETWEEN = FOLLOWING | {
    "Add", "AveragePool", "Clip", "Concat", "Flatten", "GlobalAveragePool", "HardSigmoid",
    "HardSwish", "Mul", "ReduceMean", "Reshape", "Resize", "Sigmoid", "Transpose",
}  # fmt: skip
SCALING = frozenset({"Cast", "Div", "Pad", "Sub"})
# What these take besides are shapes and widths, which may be computed.
SHAPED = frozenset({"Pad", "Reshape", "Resize"})
HEAD = re.compile(r"(^|\.)heads?\.")


def low_nodes(graph: onnx.GraphProto) -> frozenset[str]:
    """Names of the nodes that may compute in low precision (see the module)."""
    weights = {tensor.name for tensor in graph.initializer}
    consumers = _consumers(graph)
    network = _network(graph, weights)
    low = {
        node.name
        for node in graph.node
        if node.name in network
        and _weighted(node, weights)
        and not any(HEAD.search(name) for name in node.input)
        and leads_to_weights(node, network, consumers, weights)
    }
    add_between(graph, low, network, consumers)
    _add_following(graph, low, weights)
    return frozenset(low)


def _consumers(graph: onnx.GraphProto) -> Mapping[str, list[onnx.NodeProto]]:
    found: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            found[name].append(node)
    return found


def _weighted(node: onnx.NodeProto, weights: set[str]) -> bool:
    """A layer whose weight is a parameter; what torch folded has no dotted name."""
    if node.op_type not in WEIGHTED:
        return False
    weight = node.input[1]
    return weight in weights and (node.op_type.startswith("Conv") or "." in weight)


def _network(graph: onnx.GraphProto, weights: set[str]) -> set[str]:
    """Nodes before which there is nothing but the input's scaling and network layers."""
    plain = {value.name for value in graph.input} - weights
    found: set[str] = set()
    for node in graph.node:
        if node.op_type not in WEIGHTED | BETWEEN | SCALING:
            continue
        taken = node.input[:1] if node.op_type in SHAPED else node.input
        if all(not name or name in plain or name in weights for name in taken):
            plain.update(node.output)
            found.add(node.name)
    return found


def leads_to_weights(
    node: onnx.NodeProto,
    network: set[str],
    consumers: Mapping[str, Sequence[onnx.NodeProto]],
    weights: set[str],
) -> bool:
    """Whether another weighted layer of the network, in a head or not, follows this one."""
    waiting, seen = list(node.output), set()
    while waiting:
        for follower in consumers.get(waiting.pop(), ()):
            if follower.name in seen or follower.name not in network:
                continue
            if follower.op_type in WEIGHTED and follower.input[1] in weights:
                return True
            seen.add(follower.name)
            waiting.extend(follower.output)
    return False


def add_between(
    graph: onnx.GraphProto,
    low: set[str],
    network: set[str],
    consumers: Mapping[str, Sequence[onnx.NodeProto]],
) -> None:
    """Add what low layers are joined by: a low node before it and one behind it."""
    makers = {name: node.name for node in graph.node for name in node.output}
    wanted: set[str] = set()
    for node in reversed(graph.node):
        follows = any(f.name in low | wanted for name in node.output for f in consumers[name])
        if node.name in network and node.op_type in BETWEEN and follows:
            wanted.add(node.name)
    for node in graph.node:
        if node.name in wanted and any(makers.get(name) in low for name in node.input):
            low.add(node.name)


def _add_following(graph: onnx.GraphProto, low: set[str], weights: set[str]) -> None:
    """Add what may follow at no loss, so that layer and activation stay one step of an engine."""
    makers = {name: node.name for node in graph.node for name in node.output}
    for node in graph.node:
        made = [name for name in node.input if name and name not in weights]
        if node.op_type in FOLLOWING and made and all(makers.get(name) in low for name in made):
            low.add(node.name)
