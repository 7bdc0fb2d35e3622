#!/usr/bin/env python3
"""Sample pairs and their C2ST by scikit-learn, for test/diagnostics/c2st.test.ts: test/vectors/c2st.

Run: python3 scripts/vectors/c2st.py (needs numpy and scikit-learn; the stored file is from 1.24.2 and 1.2.1). The
classifier, the folds and the standardisation are those of sbibm's metric of the same name; each pair is scored with
several random states, because one score moves by some thousandths with the state alone.
"""
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

STEP = 1 / 1024
STATES = [1, 2]


def moons(rng, n, sd):
    a = rng.uniform(-np.pi / 2, np.pi / 2, n)
    r = rng.normal(1.0, sd, n)
    side = rng.choice([-1.0, 1.0], n)
    return np.stack([side * (r * np.cos(a) + 0.5), r * np.sin(a)], 1)


def correlated(rng, n, d, rho):
    return np.sqrt(rho) * rng.normal(size=(n, 1)) + np.sqrt(1 - rho) * rng.normal(size=(n, d))


rng = np.random.RandomState(20)
n = 3000
pairs = {
    "equal-2d": (rng.normal(size=(n, 2)), rng.normal(size=(n, 2))),
    "shifted-2d": (rng.normal(size=(n, 2)), rng.normal(size=(n, 2)) + 0.25),
    "wider-2d": (rng.normal(size=(n, 2)), 1.6 * rng.normal(size=(n, 2))),
    "blurred-moons-2d": (moons(rng, n, 0.1), moons(rng, n, 0.45)),
    "correlated-5d": (correlated(rng, n, 5, 0.0), correlated(rng, n, 5, 0.5)),
    "shifted-10d": (rng.normal(size=(1500, 10)), rng.normal(size=(1500, 10)) + 0.6),
    "apart-1d": (rng.normal(size=(n, 1)), rng.normal(size=(n, 1)) + 4.6),
}

folder = Path(__file__).resolve().parents[2] / "test/vectors/c2st"
folder.mkdir(parents=True, exist_ok=True)
listed = []
blob = b""
for name, pair in pairs.items():
    counts = [np.round(p / STEP).astype("<i2") for p in pair]
    x, y = [c.astype(np.float64) * STEP for c in counts]
    mean, sd = x.mean(0), x.std(0, ddof=1)
    data = np.concatenate([(x - mean) / sd, (y - mean) / sd])
    target = np.repeat([0, 1], [len(x), len(y)])
    d = x.shape[1]
    scores = []
    for state in STATES:
        net = MLPClassifier(
            activation="relu", hidden_layer_sizes=(10 * d, 10 * d), max_iter=10000, solver="adam", random_state=state
        )
        folds = KFold(n_splits=5, shuffle=True, random_state=state)
        scores.append(float(cross_val_score(net, data, target, cv=folds, scoring="accuracy").mean()))
    listed.append({"name": name, "dimension": d, "rows": len(x), "offset": len(blob) // 2, "scores": scores})
    print(name, scores, flush=True)
    blob += b"".join(c.tobytes() for c in counts)
(folder / "pairs.i16").write_bytes(blob)
about = {
    "about": "Pairs of samples and their C2ST by scikit-learn, one score per random state. pairs.i16: little-endian "
    "16-bit integers in units of 1/1024; per pair rows x dimension of the reference, then as many of the samples.",
    "made": f"scripts/vectors/c2st.py, numpy {np.__version__}, scikit-learn {sklearn.__version__}",
    "pairs": listed,
}
(folder / "pairs.json").write_text(json.dumps(about, indent=1) + "\n")
