"""Two engines on the same random cases: the outcome is identical, or a small case shows where not.

* :mod:`~freqkernels.bench.fuzz.compare`: one case, both engines, the first difference
* :mod:`~freqkernels.bench.fuzz.cover`: what happened in a case
* :mod:`~freqkernels.bench.fuzz.shrink`: the smallest case that still differs
* :mod:`~freqkernels.bench.fuzz.describe`: a case and its difference, for people
* :mod:`~freqkernels.bench.fuzz.describe_calls`: where the logs of callbacks part
* :mod:`~freqkernels.bench.fuzz.campaign`: many cases, in several processes
"""
