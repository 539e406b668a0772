"""Report: stub until written."""
from pathlib import Path
def build(runs, out): 
    from bench.results import load
    r=load(runs[0]); print(r.trials.groupby("case").value_s.median()); return Path(out)
