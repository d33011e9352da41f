"""Train one small digit classifier per activation and export them as ONNX.

    /usr/bin/python3 models/train.py               # everything in models/
    /usr/bin/python3 models/train.py --self-test   # gradient checks

The network is Conv 3x3x16, act, MaxPool, Conv 3x3x32, act, MaxPool, Gemm 64, act, Gemm 10,
Softmax.  Only the activation differs: weights at the start, split, order of the batches and
schedule are the same for all.  Training is plain numpy (float32, channels last, Adam); the
expected outputs come from a second forward pass in float64 that reads the exported nodes.
"""
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy: a fixed order of summation
import argparse
import json
import multiprocessing
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
SEEDS, EPOCHS, BATCH, RATE, SPLIT_SEED, OPSET = (1, 2, 3), 15, 32, 3e-3, 2026, 16
SELU_A, SELU_G = 1.67326319217681884765625, 1.05070102214813232421875
CELU_ALPHA = 0.5  # at 1 Celu is Elu
# name: (operator, attributes, function, derivative); s is PRelu's slope
ACTIVATIONS = {
    "sigmoid": ("Sigmoid", {}, lambda x, s: 1 / (1 + np.exp(-x)),
                lambda x, s: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2),
    "tanh": ("Tanh", {}, lambda x, s: np.tanh(x), lambda x, s: 1 - np.tanh(x) ** 2),
    "relu": ("Relu", {}, lambda x, s: np.maximum(x, 0), lambda x, s: np.where(x > 0, 1, 0)),
    "leakyrelu": ("LeakyRelu", {"alpha": 0.01}, lambda x, s: np.where(x < 0, 0.01 * x, x),
                  lambda x, s: np.where(x < 0, 0.01, 1)),
    "prelu": ("PRelu", {}, lambda x, s: np.where(x < 0, s * x, x),
              lambda x, s: np.where(x < 0, s, 1)),
    "elu": ("Elu", {"alpha": 1.0}, lambda x, s: np.where(x < 0, np.expm1(np.minimum(x, 0)), x),
            lambda x, s: np.exp(np.minimum(x, 0))),
    "selu": ("Selu", {"alpha": SELU_A, "gamma": SELU_G},
             lambda x, s: SELU_G * np.where(x < 0, SELU_A * np.expm1(np.minimum(x, 0)), x),
             lambda x, s: SELU_G * np.where(x < 0, SELU_A * np.exp(np.minimum(x, 0)), 1)),
    "celu": ("Celu", {"alpha": CELU_ALPHA},
             lambda x, s: np.where(x < 0, CELU_ALPHA * np.expm1(np.minimum(x, 0) / CELU_ALPHA), x),
             lambda x, s: np.exp(np.minimum(x, 0) / CELU_ALPHA)),
    "relu6": ("Clip", {}, lambda x, s: np.clip(x, 0, 6),
              lambda x, s: np.where((x > 0) & (x < 6), 1, 0)),
}


def initial(seed, dtype=np.float32):
    """Weights by He's rule, biases 0, PRelu's slopes 0.25 (unused by the others)."""
    rng = np.random.default_rng(seed)
    p = {}
    for name, rows, cols in (("conv1", 9, 16), ("conv2", 144, 32),
                             ("fc1", 128, 64), ("fc2", 64, 10)):
        p[name + ".w"] = (rng.standard_normal((rows, cols)) * np.sqrt(2 / rows)).astype(dtype)
        p[name + ".b"] = np.zeros(cols, dtype)
        if name != "fc2":
            p[name + ".slope"] = np.full(cols, 0.25, dtype)
    return p


def patches(x):
    """The 3x3 neighbourhoods of x [n,h,w,c], padded with 0: [n,h,w,9*c]."""
    n, h, w, c = x.shape
    q = np.zeros((n, h + 2, w + 2, c), x.dtype)
    q[:, 1:-1, 1:-1] = x
    return np.concatenate([q[:, i:i + h, j:j + w] for i in range(3) for j in range(3)], axis=3)


def unpatch(g, c):
    """The gradient of patches()."""
    n, h, w, _ = g.shape
    q = np.zeros((n, h + 2, w + 2, c), g.dtype)
    for k in range(9):
        q[:, k // 3:k // 3 + h, k % 3:k % 3 + w] += g[..., k * c:(k + 1) * c]
    return q[:, 1:-1, 1:-1]


def pool(x):
    n, h, w, c = x.shape
    t = x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4)
    t = t.reshape(n, h // 2, w // 2, c, 4)
    return t.max(axis=4), t.argmax(axis=4)


def unpool(g, index):
    n, h, w, c = g.shape
    t = (index[..., None] == np.arange(4)) * g[..., None]
    return t.reshape(n, h, w, c, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(n, 2 * h, 2 * w, c)


def forward(p, name, x):
    """Logits, and for each layer its input columns, what its activation got and pool's choice."""
    act, saved = ACTIVATIONS[name][2], {}
    for layer in ("conv1", "conv2", "fc1"):
        cols = patches(x) if layer != "fc1" else x.reshape(len(x), -1)
        z = cols @ p[layer + ".w"] + p[layer + ".b"]
        x = act(z, p[layer + ".slope"]).astype(z.dtype)
        index = None
        if layer != "fc1":
            x, index = pool(x)
        saved[layer] = cols, z, index
    saved["fc2"] = x
    return x @ p["fc2.w"] + p["fc2.b"], saved


def loss_of(logits, y):
    e = logits - logits.max(axis=1, keepdims=True)
    logp = e - np.log(np.exp(e).sum(axis=1, keepdims=True))
    return -logp[np.arange(len(y)), y].mean(), np.exp(logp)


def gradients(p, name, x, y):
    logits, saved = forward(p, name, x)
    loss, g = loss_of(logits, y)
    g[np.arange(len(y)), y] -= 1
    g /= len(y)
    d = {"fc2.w": saved["fc2"].T @ g, "fc2.b": g.sum(axis=0)}
    g = g @ p["fc2.w"].T
    for layer in ("fc1", "conv2", "conv1"):
        cols, z, index = saved[layer]
        if index is not None:
            g = unpool(g.reshape(index.shape), index)
        axes = tuple(range(g.ndim - 1))
        if name == "prelu":
            d[layer + ".slope"] = (g * np.minimum(z, 0)).sum(axis=axes)
        g = (g * ACTIVATIONS[name][3](z, p[layer + ".slope"])).astype(z.dtype)
        d[layer + ".b"] = g.sum(axis=axes)
        d[layer + ".w"] = cols.reshape(-1, cols.shape[-1]).T @ g.reshape(-1, g.shape[-1])
        g = g @ p[layer + ".w"].T
        if layer == "conv2":
            g = unpatch(g, 16)
    return loss, d


def digits():
    data = load_digits()
    x = (data.images / 16).astype(np.float32)[..., None]
    return train_test_split(x, data.target, test_size=360, random_state=SPLIT_SEED,
                            stratify=data.target)


def train(job):
    """One run: the weights and, by epoch, (training loss, train accuracy, test accuracy)."""
    name, seed = job
    xt, xv, yt, yv = digits()
    p, rng, curve, step = initial(seed), np.random.default_rng(seed + 1000), [], 0
    m, v = ({k: np.zeros_like(a) for k, a in p.items()} for _ in range(2))
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(xt))
        for at in range(0, len(xt), BATCH):
            pick, step = order[at:at + BATCH], step + 1
            for k, g in gradients(p, name, xt[pick], yt[pick])[1].items():
                m[k] = 0.9 * m[k] + 0.1 * g
                v[k] = 0.999 * v[k] + 0.001 * g * g
                p[k] = (p[k] - rate * (m[k] / (1 - 0.9 ** step))
                        / (np.sqrt(v[k] / (1 - 0.999 ** step)) + 1e-8)).astype(np.float32)
        logits = forward(p, name, xt)[0]
        right = forward(p, name, xv)[0].argmax(axis=1) == yv
        curve.append((float(loss_of(logits, yt)[0]), float((logits.argmax(axis=1) == yt).mean()),
                      float(right.mean())))
    return p, curve


def activation_node(name, x, y, slope):
    op, attrs = ACTIVATIONS[name][:2]
    extra = {"prelu": [slope], "relu6": ["min", "max"]}.get(name, [])
    return helper.make_node(op, [x] + extra, [y], **attrs)


def save(path, nodes, inputs, outputs, weights):
    inits = [numpy_helper.from_array(np.ascontiguousarray(a, np.float32), k)
             for k, a in weights.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, inits)
    model = helper.make_model(graph, producer_name="onnxrun models/train.py", ir_version=8,
                              opset_imports=[helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return model


def limits(name):
    return {"min": np.float32(0), "max": np.float32(6)} if name == "relu6" else {}


def export(name, p, path):
    """The network in ONNX's layout: channels first, Flatten in that order."""
    w, nodes, x = limits(name), [], "image"
    for layer, c in (("conv1", 1), ("conv2", 16)):
        w[layer + ".w"] = p[layer + ".w"].reshape(3, 3, c, -1).transpose(3, 2, 0, 1)
        w[layer + ".b"] = p[layer + ".b"]
        nodes += [helper.make_node("Conv", [x, layer + ".w", layer + ".b"], [layer],
                                   kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
                  activation_node(name, layer, layer + ".act", layer + ".slope"),
                  helper.make_node("MaxPool", [layer + ".act"], [layer + ".pool"],
                                   kernel_shape=[2, 2], strides=[2, 2])]
        x = layer + ".pool"
    w["fc1.w"] = p["fc1.w"].reshape(2, 2, 32, 64).transpose(2, 0, 1, 3).reshape(128, 64)
    w.update({k: p[k] for k in ("fc1.b", "fc2.w", "fc2.b")})
    nodes += [helper.make_node("Flatten", [x], ["flat"]),
              helper.make_node("Gemm", ["flat", "fc1.w", "fc1.b"], ["fc1"]),
              activation_node(name, "fc1", "fc1.act", "fc1.slope"),
              helper.make_node("Gemm", ["fc1.act", "fc2.w", "fc2.b"], ["fc2"]),
              helper.make_node("Softmax", ["fc2"], ["probabilities"], axis=1)]
    if name == "prelu":
        w.update({k + ".slope": p[k + ".slope"].reshape(s) for k, s in
                  (("conv1", (16, 1, 1)), ("conv2", (32, 1, 1)), ("fc1", (64,)))})
    info = helper.make_tensor_value_info
    return save(path, nodes, [info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])],
                [info("probabilities", TensorProto.FLOAT, ["batch", 10])], w)


def evaluate(name, model, image):
    """A plain pass in float64 over the nodes of an exported model."""
    env = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
    env["image"] = image.astype(np.float64)
    for node in model.graph.node:
        a = [env[k] for k in node.input]
        if node.op_type == "Conv":
            h, wd = a[0].shape[2:]
            q = np.pad(a[0], ((0, 0), (0, 0), (1, 1), (1, 1)))
            y = sum(np.einsum("nchw,oc->nohw", q[:, :, i:i + h, j:j + wd], a[1][:, :, i, j])
                    for i in range(3) for j in range(3)) + a[2][:, None, None]
        elif node.op_type == "MaxPool":
            y = np.maximum.reduce([a[0][:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)])
        elif node.op_type == "Flatten":
            y = a[0].reshape(len(a[0]), -1)
        elif node.op_type == "Gemm":
            y = a[0] @ a[1] + a[2]
        elif node.op_type == "Softmax":
            e = np.exp(a[0] - a[0].max(axis=1, keepdims=True))
            y = e / e.sum(axis=1, keepdims=True)
        else:
            y = ACTIVATIONS[name][2](a[0], a[1] if name == "prelu" else None)
        env[node.output[0]] = y
    return env["probabilities"].astype(np.float32)


def write_folder(name, p, xv):
    folder = HERE / f"digits-{name}"
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    model = export(name, p, folder / "model.onnx")
    image = np.ascontiguousarray(xv[:16].transpose(0, 3, 1, 2))
    want = evaluate(name, model, image)
    logits = forward(p, name, xv[:16])[0]
    assert np.allclose(loss_of(logits, np.zeros(16, int))[1], want, atol=1e-5), name
    image[0].astype("<f4").tofile(folder / "input.bin")
    want[0].astype("<f4").tofile(folder / "expected.bin")
    for file, tensor, label in (("input_0.pb", image, "image"),
                                ("output_0.pb", want, "probabilities")):
        (data / file).write_bytes(numpy_helper.from_array(tensor, label).SerializeToString())


def write_op(name):
    (HERE / "ops").mkdir(exist_ok=True)
    info = [helper.make_tensor_value_info(k, TensorProto.FLOAT, ["n"]) for k in ("X", "Y")]
    weights = {"slope": np.full(1, 0.25)} if name == "prelu" else limits(name)
    save(HERE / "ops" / f"{name}.onnx", [activation_node(name, "X", "Y", "slope")],
         info[:1], info[1:], weights)


def picture(curves):
    fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4))
    for i, name in enumerate(ACTIVATIONS):
        mean = np.mean([curves[name, s] for s in SEEDS], axis=0)
        style = dict(color=plt.cm.tab10(i), linestyle=("-", "--", ":")[i % 3], label=name)
        left.semilogy(range(1, EPOCHS + 1), mean[:, 0], **style)
        right.plot(range(1, EPOCHS + 1), 100 * mean[:, 2], **style)
    left.set(title="training loss", xlabel="epoch", ylabel="cross-entropy")
    right.set(title="test accuracy", xlabel="epoch", ylabel="percent", ylim=(80, 100))
    right.legend(ncol=2, loc="lower right")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    fig.tight_layout()
    fig.savefig(HERE / "training.png", dpi=90, metadata={"Software": None})


def self_test():
    """Compares every kind of gradient with central differences, in float64."""
    rng = np.random.default_rng(0)
    x, y = rng.random((4, 8, 8, 1)), np.array([1, 2, 3, 4])
    for name in ACTIVATIONS:
        p = initial(1, np.float64)
        for key, g in gradients(p, name, x, y)[1].items():
            at = np.unravel_index(np.abs(g).argmax(), g.shape)
            ends = []
            for h in (1e-6, -2e-6):
                p[key][at] += h
                ends.append(loss_of(forward(p, name, x)[0], y)[0])
            p[key][at] += 1e-6
            assert abs((ends[0] - ends[1]) / 2e-6 - g[at]) < 1e-6, (name, key)
    print("gradients agree")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--self-test", action="store_true")
    if parser.parse_args().self_test:
        return self_test()
    jobs = [(name, seed) for name in ACTIVATIONS for seed in SEEDS]
    with multiprocessing.Pool(2) as workers:
        runs = dict(zip(jobs, workers.map(train, jobs, chunksize=1)))
    xv, yv = digits()[1::2]
    print("digit of input.bin:", yv[0], " labels of the test set:", *yv[:16])
    for name in ACTIVATIONS:
        write_folder(name, runs[name, SEEDS[0]][0], xv)
        write_op(name)
        ends = 100 * np.array([runs[name, s][1][-1] for s in SEEDS])
        mean, spread = ends.mean(axis=0), ends[:, 2].std(ddof=1)
        print(f"| {name} | {ends[0, 2]:.2f} | {mean[2]:.2f} ± {spread:.2f} "
              f"| {mean[1]:.2f} | {mean[0] / 100:.4f} |")
    curves = {job: curve for job, (_, curve) in runs.items()}
    text = json.dumps({f"{n}/{s}": np.round(c, 5).tolist() for (n, s), c in curves.items()})
    (HERE / "curves.json").write_text(text.replace("]], ", "]],\n") + "\n")
    picture(curves)


if __name__ == "__main__":
    main()
