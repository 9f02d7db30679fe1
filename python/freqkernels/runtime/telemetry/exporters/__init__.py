"""Telemetry for others, when somebody asks for it: nothing leaves the machine by itself.

* :mod:`~freqkernels.runtime.telemetry.exporters.json_file`: a file
* :mod:`~freqkernels.runtime.telemetry.exporters.prometheus`: a registry of ``prometheus_client``
* :mod:`~freqkernels.runtime.telemetry.exporters.opentelemetry`: a meter of OpenTelemetry
"""
