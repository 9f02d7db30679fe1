"""Measuring and comparing runs: freqtrade alone against freqtrade with the kernels.

* :mod:`~freqkernels.bench.exports`: whether two sets of exported files are
* :mod:`~freqkernels.bench.across`: what makes results of two releases of freqtrade comparable
* :mod:`~freqkernels.bench.inputs`: what a run reads: candles, configuration, strategy
* :mod:`~freqkernels.bench.stages`: one freqtrade run, timed and captured from within
* :mod:`~freqkernels.bench.run_process`: the same from outside: starting it, reading what it left
* :mod:`~freqkernels.bench.compare_runs`: two such runs, one after the other, side by side
* :mod:`~freqkernels.bench.compare_engines`: the same of a user's own backtest
* :mod:`~freqkernels.bench.environments`, :mod:`~freqkernels.bench.releases`: other releases
* :mod:`~freqkernels.bench.report`: what came of it, for people and as plain values
* :mod:`~freqkernels.bench.measured_functions`: single functions beside freqtrade's own
* :mod:`~freqkernels.bench.measured_costs`: importing, installing, and a call through the runtime
* :mod:`~freqkernels.bench.readiness` with ``readiness_cases``, ``readiness_identity`` and
  ``resources``: whether a phase of a rollout is ready on this machine
* :mod:`~freqkernels.bench.replay`: a recorded call once more, by both implementations
* :mod:`~freqkernels.bench.fuzz`: two engines on random backtests, the smallest one that differs
* :mod:`~freqkernels.bench.figures`: all of it in one run, as tables of the README

``strategies`` holds freqtrade strategies to run it with; nothing imports them but freqtrade.
"""
