"""Opens a run's `idata.zarr` and `data.zarr` with TensorStore's Zarr v3 reader and hands the groups to ArviZ.

Usage: python scripts/results/arviz-check.py RUN   (needs arviz, tensorstore, xarray; no zarr-python)
"""
import json, pathlib, sys
import arviz as az, numpy as np, tensorstore as ts, xarray as xr
run = pathlib.Path(sys.argv[1]).resolve()
root = run / "idata.zarr"
def array(path):
    return ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}).result()
groups = {}
for g in sorted(p for p in root.iterdir() if p.is_dir()):
    assert json.loads((g / "zarr.json").read_text())["node_type"] == "group"
    variables = {}
    for a in sorted(p for p in g.iterdir() if p.is_dir()):
        store = array(a)
        variables[a.name] = xr.Variable(store.domain.labels, store.read().result(), json.loads((a / "zarr.json").read_text())["attributes"])
    coords = {k: v for k, v in variables.items() if v.dims == (k,)}
    groups[g.name] = xr.decode_cf(xr.Dataset({k: v for k, v in variables.items() if k not in coords}, coords))
idata = az.InferenceData(**groups)
print(idata)
print(az.summary(idata.posterior, kind="stats"))
print(idata.posterior_predictive.membrane.dims, idata.posterior_predictive.time.values[:3], idata.posterior_predictive.membrane.dtype)
n = 0
for j in run.glob("data.zarr/**/zarr.json"):
    if json.loads(j.read_text())["node_type"] == "array":
        array(j.parent.resolve()).read().result(); n += 1
print(n, "arrays of data.zarr read by TensorStore")
tree = xr.DataTree.from_dict(groups)
again = az.InferenceData.from_datatree(tree)
print(sorted(again.groups()), float(again.posterior.v_reset.mean()))
