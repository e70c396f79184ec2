"""MLX by its own Python: answers each line of its input with the seconds that the task named there takes."""

import sys
import time

import mlx.core as mx

CHAIN = 1000

# A GPU that another process has just used first changes over, so there one product is made before twenty that count.
PRODUCTS = 1 if sys.argv[1] == "cpu" else 20

device = mx.cpu if sys.argv[1] == "cpu" else mx.gpu
mx.set_default_device(device)
a = mx.random.uniform(-1, 1, (1024, 1024))
b = mx.random.uniform(-1, 1, (1024, 1024))
x = mx.ones((4,))
mx.eval(a, b, x)


def matmul():
    if PRODUCTS > 1:
        mx.eval(a @ b)
    times = []
    for _ in range(PRODUCTS):
        start = time.perf_counter()
        mx.eval(a @ b)
        times.append(time.perf_counter() - start)
    return sorted(times)[PRODUCTS // 2]


def chain():
    y = x
    start = time.perf_counter()
    for _ in range(CHAIN):
        y = y + x
    return (time.perf_counter() - start) / CHAIN


tasks = {"matmul": matmul, "chain": chain}
print("ready", flush=True)
for line in sys.stdin:
    print(tasks[line.strip()](), flush=True)
