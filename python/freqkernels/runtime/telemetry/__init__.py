"""What the runtime tells: it reads what counters and journal have kept, and decides nothing.

* :mod:`~freqkernels.runtime.telemetry.snapshots`: all of it at one moment, as values and as a file
* :mod:`~freqkernels.runtime.telemetry.report`: what follows from a snapshot, and from a baseline;
  :mod:`~freqkernels.runtime.telemetry.advice`: what to do about it
* :mod:`~freqkernels.runtime.telemetry.exporters`: JSON, Prometheus, OpenTelemetry
* :mod:`~freqkernels.runtime.telemetry.monitor`: a thread that keeps files up to date
"""
