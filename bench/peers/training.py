"""The training steps of `npm run bench -- training` in PyTorch: same sizes, same losses, eager mode as the common
packages run it. Prints one JSON object: name -> milliseconds per step (median), for the given number of threads.

Usage: python3 training.py THREADS SECONDS_PER_CASE
"""
import json
import math
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

threads = int(sys.argv[1])
seconds = float(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)
BATCH, LAYERS, HIDDEN, BINS, BOUND = 200, 5, 50, 10, 4.0


class Masked(nn.Linear):
    """A linear layer with fixed zeros, `keep` of shape (outputs, inputs)."""

    def __init__(self, keep):
        super().__init__(keep.shape[1], keep.shape[0])
        self.register_buffer("keep", keep.float())

    def forward(self, x):
        return F.linear(x, self.weight * self.keep, self.bias)


class MaskedConditioner(nn.Module):
    """Masked autoencoder with two hidden blocks after the first layer; x enters the first layer."""

    def __init__(self, d, f):
        super().__init__()
        inputs = torch.arange(1, d + 1)
        units = torch.arange(HIDDEN) % max(1, d - 1) + (1 if d > 1 else 0)
        outputs = inputs.repeat_interleave(2)
        self.first = Masked(units[:, None] >= inputs[None])
        self.context = nn.Linear(f, HIDDEN)
        self.blocks = nn.ModuleList(Masked(units[:, None] >= units[None]) for _ in range(2))
        self.last = Masked(outputs[:, None] > units[None])

    def forward(self, theta, x):
        h = torch.tanh(self.first(theta) + self.context(x))
        for block in self.blocks:
            h = torch.tanh(block(h))
        return self.last(h)


class MaskedFlow(nn.Module):
    def __init__(self, d, f):
        super().__init__()
        self.d = d
        self.layers = nn.ModuleList(MaskedConditioner(d, f) for _ in range(LAYERS))
        self.orders = [torch.randperm(d) for _ in range(LAYERS)]

    def log_prob(self, theta, x):
        log_det = 0
        for layer, order in zip(self.layers, self.orders):
            scale, shift = layer(theta, x).view(-1, self.d, 2).unbind(-1)
            scale = F.softplus(scale) + 1e-3
            theta = (scale * theta + shift)[:, order]
            log_det = log_det + scale.log().sum(-1)
        return log_det - 0.5 * (theta**2).sum(-1) - 0.5 * self.d * math.log(2 * math.pi)


def spline(theta, raw):
    """Rational-quadratic spline with linear tails. theta (n, k), raw (n, k, 3 BINS - 1)."""
    widths, heights, slopes = raw.split([BINS, BINS, BINS - 1], -1)
    inside = (theta > -BOUND) & (theta < BOUND)

    def knots(v):
        share = 1e-3 + (1 - 1e-3 * BINS) * F.softmax(v, -1)
        return F.pad(2 * BOUND * share.cumsum(-1), (1, 0)) - BOUND

    xs, ys = knots(widths), knots(heights)
    slopes = F.pad(F.softplus(slopes + 0.54) + 1e-3, (1, 1), value=1.0)
    bin_ = torch.searchsorted(xs[..., 1:-1].contiguous(), theta[..., None].contiguous())

    def at(v, shift=0):
        return v.gather(-1, bin_ + shift)[..., 0]

    x0, x1, y0, y1, a, b = at(xs), at(xs, 1), at(ys), at(ys, 1), at(slopes), at(slopes, 1)
    w, h = x1 - x0, y1 - y0
    t = ((theta - x0) / w).clamp(0, 1)
    s = h / w
    den = s + (a + b - 2 * s) * t * (1 - t)
    out = y0 + h * (s * t * t + a * t * (1 - t)) / den
    slope = s * s * (b * t * t + 2 * s * t * (1 - t) + a * (1 - t) ** 2) / den**2
    return torch.where(inside, out, theta), torch.where(inside, slope.log(), torch.zeros_like(slope))


class ResidualConditioner(nn.Module):
    """Residual network of two gated blocks with two linear layers each, as coupling spline flows have."""

    def __init__(self, inputs, f, outputs):
        super().__init__()
        self.first = nn.Linear(inputs + f, HIDDEN)
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, HIDDEN), nn.Linear(f, HIDDEN)]) for _ in range(2)
        )
        self.last = nn.Linear(HIDDEN, outputs)

    def forward(self, theta, x):
        h = self.first(torch.cat([theta, x], -1))
        for one, two, gate in self.blocks:
            h = h + F.glu(torch.cat([two(F.relu(one(F.relu(h)))), gate(x)], -1), -1)
        return self.last(h)


class SplineFlow(nn.Module):
    """Coupling layers with spline transforms and a linear map between them."""

    def __init__(self, d, f):
        super().__init__()
        self.d = d
        self.sides = [torch.arange(d)[i % 2 :: 2] for i in range(LAYERS)]
        self.rest = [torch.arange(d)[1 - i % 2 :: 2] for i in range(LAYERS)]
        outputs = 3 * BINS - 1
        self.layers = nn.ModuleList(
            ResidualConditioner(len(s), f, len(r) * outputs) for s, r in zip(self.sides, self.rest)
        )
        self.lower = nn.ParameterList(nn.Parameter(torch.zeros(d, d)) for _ in range(LAYERS))
        self.upper = nn.ParameterList(nn.Parameter(torch.zeros(d, d)) for _ in range(LAYERS))
        self.diagonal = nn.ParameterList(nn.Parameter(torch.full((d,), 0.54)) for _ in range(LAYERS))

    def log_prob(self, theta, x):
        log_det = 0
        for i, layer in enumerate(self.layers):
            raw = layer(theta[:, self.sides[i]], x).view(len(theta), -1, 3 * BINS - 1)
            moved, slope = spline(theta[:, self.rest[i]], raw)
            theta = theta.index_copy(1, self.rest[i], moved)
            diagonal = F.softplus(self.diagonal[i]) + 1e-3
            lower = self.lower[i].tril(-1) + torch.eye(self.d)
            upper = self.upper[i].triu(1) + torch.diag(diagonal)
            theta = theta @ upper.T @ lower.T
            log_det = log_det + slope.sum(-1) + diagonal.log().sum()
        return log_det - 0.5 * (theta**2).sum(-1) - 0.5 * self.d * math.log(2 * math.pi)


def density_step(flow, d, f, atoms):
    optimiser = torch.optim.Adam(flow.parameters(), lr=5e-4)
    theta, x = torch.randn(BATCH, d), torch.randn(BATCH, f)

    def step():
        optimiser.zero_grad()
        if atoms == 1:
            loss = -flow.log_prob(theta, x).mean()
        else:
            others = torch.multinomial((1 - torch.eye(BATCH)) / (BATCH - 1), atoms - 1, replacement=False)
            rows = torch.cat([theta[:, None], theta[others]], 1).reshape(BATCH * atoms, d)
            score = flow.log_prob(rows, x.repeat_interleave(atoms, 0)) + 0.5 * (rows**2).sum(-1)
            score = score.view(BATCH, atoms)
            loss = (score.logsumexp(-1) - score[:, 0]).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        optimiser.step()

    return step


class Autoencoder(nn.Module):
    """Three strided convolutions to a code of 12 values and back."""

    def __init__(self, length):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv1d(1, 16, 8, 4, 2), nn.LeakyReLU(0.2), nn.Conv1d(16, 32, 8, 4, 2), nn.LeakyReLU(0.2),
            nn.Conv1d(32, 64, 6, 2, 2), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(2 * length, 12),
        )
        self.decoder = nn.Sequential(
            nn.Linear(12, 2 * length), nn.Unflatten(1, (64, length // 32)),
            nn.ConvTranspose1d(64, 32, 6, 2, 2), nn.LeakyReLU(0.2),
            nn.ConvTranspose1d(32, 16, 8, 4, 2), nn.LeakyReLU(0.2), nn.ConvTranspose1d(16, 1, 8, 4, 2),
        )


def autoencoder_step(length, batch):
    net = Autoencoder(length)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    x = torch.randn(batch, 1, length)

    def step():
        optimiser.zero_grad()
        F.mse_loss(net.decoder(net.encoder(x)), x).backward()
        optimiser.step()

    return step


def milliseconds(step):
    for _ in range(5):
        step()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 10:
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


cases = {
    "maf-2-2-1": density_step(MaskedFlow(2, 2), 2, 2, 1),
    "nsf-2-2-1": density_step(SplineFlow(2, 2), 2, 2, 1),
    "maf-2-2-10": density_step(MaskedFlow(2, 2), 2, 2, 10),
    "maf-6-12-10": density_step(MaskedFlow(6, 12), 6, 12, 10),
    "autoencoder-2048": autoencoder_step(2048, 64),
}
print(json.dumps({"torch": torch.__version__, "threads": threads, "ms": {k: milliseconds(v) for k, v in cases.items()}}))
